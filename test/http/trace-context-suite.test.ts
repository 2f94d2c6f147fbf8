/** The W3C's own validation cases, run against what the sidecar would send on. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { HeaderList } from '../../src/http/header-list.ts';
import { applyTrace, continueTrace } from '../../src/http/trace-context.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { type Field, parsedHeaders } from './parsed-headers.ts';

interface SuiteRequest {
	/** `null` where `loop` holds the Python that sends them several times. */
	readonly headers: readonly Field[] | null;
	readonly assert: readonly string[];
	readonly loop?: string;
}

interface SuiteCase {
	readonly id: string;
	readonly requests: readonly SuiteRequest[];
}

const SUITE = fileURLToPath(new URL('../../../shared/suites/trace-context/cases.json', import.meta.url));
const hasSuite = existsSync(SUITE);
const WELL_FORMED = /^00-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-(0[0-3])$/;
const random = new SeededRandom(1);

/** What came out of one or more requests, as the suite's Python sees it. */
class Outcome {
	readonly traceIds = new Set<string>();
	readonly parentIds = new Set<string>();
	/** Of the last request. */
	traceId = '';
	parentId = '';
	flags = 0;
	state = '';
	readonly sent: readonly Field[];

	constructor(sent: readonly Field[], times: number) {
		this.sent = sent;
		for (let i = 0; i < times; i++) this.request();
	}

	private request(): void {
		const list: HeaderList = parsedHeaders(this.sent);
		applyTrace(list, continueTrace(list, random));
		const values = list.getAll('traceparent');
		expect(values).toHaveLength(1);
		const match = WELL_FORMED.exec(values[0] ?? '');
		expect(match, values[0]).not.toBeNull();
		[, this.traceId = '', this.parentId = ''] = match ?? [];
		this.flags = Number.parseInt(match?.[3] ?? '', 16);
		this.traceIds.add(this.traceId);
		this.parentIds.add(this.parentId);
		const lines = list.getAll('tracestate');
		for (const line of lines) expect(line).not.toBe('');
		this.state = lines.join(',');
	}

	get members(): Map<string, string> {
		const pairs = this.state.split(',').filter((member) => member.trim() !== '');
		return new Map(pairs.map((pair) => [before(pair).trim(), after(pair).trim()]));
	}

	/** A quoted Python string, or a variable: the key or the value of the last line that was sent. */
	named(expression: string): string {
		if (expression.startsWith("'")) return expression.slice(1, -1);
		const line = this.sent.filter(([name]) => name === 'tracestate').at(-1)?.[1] ?? '';
		return expression === 'value' ? after(line).trim() : before(line);
	}
}

function before(pair: string): string {
	return pair.slice(0, pair.indexOf('='));
}

function after(pair: string): string {
	return pair.slice(pair.indexOf('=') + 1);
}

type Check = (out: Outcome, a: string, b: string, c: string) => void;

/** The forms in which the suite asserts. */
const CHECKS: readonly (readonly [RegExp, Check])[] = [
	[
		/^assertEqual\(traceparent\.(trace|parent)_id\.hex\(\), '(.*)'\)$/,
		(out, which, id) => expect(which === 'trace' ? out.traceId : out.parentId).toBe(id),
	],
	[
		/^assertNotEqual\(traceparent\.(trace|parent)_id\.hex\(\), '(.*)'\)$/,
		(out, which, id) => expect(which === 'trace' ? out.traceId : out.parentId).not.toBe(id),
	],
	[
		/^assert_bit_set\(traceparent\.trace_flags, (\d+), '.*'\)$/,
		(out, bit) => expect(out.flags & Number(bit)).not.toBe(0),
	],
	[/^assertIn\((.+), tracestate\)$/, (out, key) => expect([...out.members.keys()]).toContain(out.named(key))],
	[
		/^assertEqual\(tracestate\[(.+)\], (.+)\)$/,
		(out, key, value) => expect(out.members.get(out.named(key))).toBe(out.named(value)),
	],
	[
		/^assertRaises\(KeyError, lambda: tracestate\[(.+)\]\)$/,
		(out, key) => expect([...out.members.keys()]).not.toContain(out.named(key)),
	],
	[/^assertEqual\(len\(tracestate\), (\d+)\)$/, (out, count) => expect(out.members.size).toBe(Number(count))],
	// tracestate without traceparent: both requests of the case must lose it.
	[/^assertEqual\(len\(tracestate1\), len\(tracestate2\)\)$/, (out) => expect(out.state).toBe('')],
	// An empty line; `Outcome` looks at every line that goes out.
	[/^assertTrue\(not tracestate or tracestate != ''\)$/, (out) => expect(out.members.has('')).toBe(false)],
	[/^assertTrue\('([^']+)' in str\(tracestate\)\)$/, (out, part) => expect(out.state).toContain(part)],
	[
		/^assertTrue\('([^']+)' in str\(tracestate\) or '([^']+)' in str\(tracestate\)\)$/,
		(out, one, other) => expect(out.state.includes(one) || out.state.includes(other)).toBe(true),
	],
	[
		/^assertTrue\(str\(tracestate\)\.index\('(.+)'\) < str\(tracestate\)\.index\('(.+)'\)\)$/,
		(out, first, second) => expect(out.state.indexOf(first)).toBeLessThan(out.state.indexOf(second)),
	],
	[
		/^assertEqual\(len\((trace|parent)_ids\), (\d+)\)$/,
		(out, which, count) => expect((which === 'trace' ? out.traceIds : out.parentIds).size).toBe(Number(count)),
	],
	[/^assertTrue\('(.+)' in trace_ids\)$/, (out, id) => expect(out.traceIds).toContain(id)],
	[/^assertFalse\('(.+)' in trace_ids\)$/, (out, id) => expect(out.traceIds).not.toContain(id)],
];

function run(request: SuiteRequest): Outcome {
	if (request.headers) return new Outcome(request.headers, 1);
	const call = /make_request\((\[.*\]), (\d+)\)/.exec(request.loop ?? '');
	const fields = JSON.parse((call?.[1] ?? '').replaceAll("'", '"')) as Field[];
	return new Outcome(fields, Number(call?.[2]));
}

describe(`W3C trace-context suite${hasSuite ? '' : ' (left out: ../shared/suites is not here)'}`, () => {
	const cases = hasSuite ? (JSON.parse(readFileSync(SUITE, 'utf8')) as { cases: SuiteCase[] }).cases : [];

	it.runIf(hasSuite)('has 41 cases', () => {
		expect(cases).toHaveLength(41);
	});

	it.skipIf(hasSuite)('is left out because ../shared/suites is not here', () => {});

	it.each(cases.map((suiteCase) => [suiteCase.id, suiteCase] as const))('%s', (_id, { requests }) => {
		for (const request of requests) {
			const outcome = run(request);
			for (const assertion of request.assert) {
				const known = CHECKS.find(([form]) => form.test(assertion));
				if (!known) expect.fail(`the suite asserts in a form that is not known: ${assertion}`);
				const [, a = '', b = '', c = ''] = known[0].exec(assertion) ?? [];
				known[1](outcome, a, b, c);
			}
		}
	});
});
