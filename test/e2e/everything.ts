/** All that a sidecar says of itself: the endpoints that its own page lists, and both of its outputs. */
import { expect } from 'vitest';
import type { KeySearch } from '../support/key-search.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Front } from './front.ts';

/** By a row of the landing page's table. */
const ROW = /<code>(GET|POST|PUT) (?:<a href="([^"]+)">|)([^<]+)/g;
/** Bodies that endpoints which take one understand, and some that they do not. */
const BODIES: readonly string[] = ['', '{"level":"debug"}', '{"request":"GET http://good/a?b=c"}', '{"request":', '[]'];
/** Ends what the others look at. */
const LAST = '/drain';
/** More characters than any form of what is searched for has. */
const OVERLAP = 1000;

export class Everything {
	private readonly front: Front;
	private readonly search: KeySearch;
	/** Of endpoints that have been looked at. */
	private readonly looked = new Set<string>();
	/** Of the outputs, as far as they have been looked at. */
	private readonly lengths = { stdout: 0, stderr: 0 };

	constructor(front: Front, search: KeySearch) {
		this.front = front;
		this.search = search;
	}

	/** Asks each endpoint of the admin port and of the probes. */
	async look(): Promise<void> {
		for (const [, method = '', , path = ''] of (await this.front.admin('/')).matchAll(ROW)) {
			if (path !== LAST) await this.ask(method, path);
		}
		expect(this.looked.size).toBeGreaterThan(8);
		for (const path of ['/live', '/ready', '/started', '/metrics', '/certs', '/config']) {
			await this.read(`http://127.0.0.1:${this.front.probesPort}${path}`);
		}
		this.lookAtOutput();
	}

	/** Drains and ends it, and looks at all that it has said. */
	async end(): Promise<void> {
		await this.ask('POST', LAST);
		this.front.program.signal('SIGTERM');
		await this.front.program.ended();
		await waitFor('the end', () => this.front.program.hasExited);
		this.lookAtOutput();
		expect(this.front.program.stderr).not.toBe('');
	}

	private async ask(method: string, path: string): Promise<void> {
		this.looked.add(`${method} ${path}`);
		const url = `http://127.0.0.1:${this.front.adminPort}${path}`;
		if (method === 'GET') return this.read(url);
		for (const body of BODIES) await this.read(url, { method, body });
	}

	private async read(url: string, init: RequestInit = {}): Promise<void> {
		const response = await fetch(url, init);
		this.judge(url, `${JSON.stringify([...response.headers])}\n${await response.text()}`);
	}

	/** What was not looked at yet, and the end of what was: a key may be cut in two. */
	private lookAtOutput(): void {
		for (const output of ['stdout', 'stderr'] as const) {
			const { [output]: text } = this.front.program;
			this.judge(output, text.slice(Math.max(0, this.lengths[output] - OVERLAP)));
			this.lengths[output] = text.length;
		}
	}

	private judge(where: string, text: string): void {
		expect(this.search.leak(text), where).toBe('');
	}
}
