import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalizePath } from '../../src/http/path.ts';
import type { ExpectedRequest } from '../suites/compare-requests.ts';
import { type LlhttpCase, llhttpExpects } from '../suites/judge-llhttp.ts';
import { type GunicornCase, gunicornRequests } from '../suites/judge-requests.ts';
import { bytesOf, LEFT_OUT, loadSuite, type SuiteName } from '../suites/load-suite.ts';
import { exceptionFor } from '../suites/report.ts';
import { withHosts } from '../suites/with-host.ts';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { minimalYaml, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { waitFor } from '../support/wait-for.ts';
import { ORACLE_SCRIPT } from './desync-oracle.ts';

if (LEFT_OUT !== '') console.warn(LEFT_OUT);

interface Case {
	id: string;
	bytes: Buffer;
	requests: ExpectedRequest[];
}

/** Requests that are not forwarded as such: tunnels have tests of their own. */
function isPlain(one: Case): boolean {
	return one.requests.every(
		({ method, fields }) => method !== 'CONNECT' && !fields.some(([name]) => name.toLowerCase() === 'upgrade'),
	);
}

function casesOf(suite: SuiteName, all: Case[]): Case[] {
	return all
		.filter((one) => exceptionFor(suite, one.id) === undefined && one.requests.length > 0 && isPlain(one))
		.map((one) => ({ ...one, bytes: withHosts(one.bytes, one.requests) }));
}

function gunicornCases(): Case[] {
	const valid = loadSuite<GunicornCase>('gunicorn-requests').cases.filter((one) => one.expect.accept === true);
	const cases = valid.map((one) => ({ id: one.id, bytes: bytesOf(one.bytes_b64), requests: gunicornRequests(one) }));
	return casesOf('gunicorn-requests', cases);
}

function llhttpCases(): Case[] {
	const valid = loadSuite<LlhttpCase>('llhttp-fixtures').cases.filter(
		(one) => one.type.startsWith('request') && llhttpExpects(one) === 'accept',
	);
	const cases = valid
		.filter((one) => one.expect.messages.every((message) => message.complete))
		.map((one) => ({
			id: one.id,
			bytes: bytesOf(one.bytes_b64),
			requests: one.expect.messages
				.slice(0, one.type.includes('-lenient-') ? 1 : undefined)
				.map(({ method, url, headers, body }) => ({ method, target: url, fields: headers, body })),
		}));
	return casesOf('llhttp-fixtures', cases);
}

/** What arrives of a target: the origin form, its path normalised. */
function forwardedTarget(target: string): string {
	const path = target.replace(/^https?:\/\/[^/?]*/i, '');
	if (path === '*') return path;
	const query = path.indexOf('?');
	const end = query < 0 ? path.length : query;
	return normalizePath(path.slice(0, end)) + path.slice(end);
}

/** Fields that end at the sidecar, or that it writes itself. */
const OWN = /^(connection|keep-alive|proxy-connection|te|transfer-encoding|host|content-length)$|^x-forwarded-/i;

function kept(fields: readonly (readonly [string, string])[], wanted: ReadonlySet<string>): string {
	const list = fields.filter(([name]) => !OWN.test(name) && wanted.has(name.toLowerCase()));
	return JSON.stringify(list.map(([name, value]) => [name.toLowerCase(), value.trim()]));
}

const CASES = LEFT_OUT === '' ? [...gunicornCases(), ...llhttpCases()] : [];

describe.runIf(LEFT_OUT === '')('valid requests through a real sidecar', () => {
	let origin: RecordingOrigin;
	let sidecar: Sidecar;

	beforeAll(async () => {
		origin = await RecordingOrigin.start(ORACLE_SCRIPT);
		sidecar = await startSidecar({ yaml: minimalYaml(origin.port, 'telemetry: { accessLog: { when: off } }\n') });
	});

	afterAll(async () => {
		await sidecar?.stop();
		await origin?.stop();
	});

	it.each(CASES)('$id', async ({ bytes, requests }) => {
		origin.forgetFinished();
		const before = origin.requests.length;
		const client = await RawClient.connect(sidecar.port);
		await client.send(bytes);
		for (const { method, target } of requests) {
			const response = await client.readResponse(method);
			expect(response.status).toBe(200);
			const body = method === 'HEAD' ? '' : `${method} ${forwardedTarget(target)}`;
			expect(response.body.toString('latin1')).toBe(body);
		}
		client.close();
		await waitFor('the requests at the origin', () => origin.requests.length >= before + requests.length);
		const seen = origin.requests.slice(before);
		expect(seen.length).toBe(requests.length);
		for (const [i, wanted] of requests.entries()) {
			const names = new Set(wanted.fields.map(([name]) => name.toLowerCase()));
			expect(seen[i]?.method).toBe(wanted.method);
			expect(seen[i]?.target).toBe(forwardedTarget(wanted.target));
			// Trailers of a suite are listed among the fields.
			expect(kept([...(seen[i]?.fields ?? []), ...(seen[i]?.trailers ?? [])], names)).toBe(kept(wanted.fields, names));
			if (wanted.body !== null) expect(seen[i]?.body.toString('latin1')).toBe(wanted.body);
		}
		expect(origin.oddities).toEqual([]);
	});
});
