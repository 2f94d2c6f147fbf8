import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { parseAsked } from '../../src/explain/asked-request.ts';
import { Explainer } from '../../src/explain/explain.ts';
import { explanationText } from '../../src/explain/explain-text.ts';
import { runTests } from '../../src/explain/run-tests.ts';
import { authorization, WEB, type WrittenLists } from '../filters/authorization-parts.ts';
import { askable } from './parsed-file.ts';

/** A file with the lists of the inbound side and of its first rule. */
async function explaining(yaml: string, ofSide: WrittenLists | null, ofRule: WrittenLists | null = null) {
	const { file, config } = await askable(yaml);
	const [rule] = config.inbound.routes;
	if (rule !== undefined && ofRule !== null) Object.assign(rule, { authorization: authorization(ofRule) });
	const inbound: Config['inbound'] = {
		...config.inbound,
		authorization: ofSide === null ? null : authorization(ofSide),
	};
	const edited = { ...config, inbound };
	const explainer = new Explainer({ ...file, config: edited });
	const outcomeOf = (line: string, fields: readonly { name: string; value: string }[] = []) => {
		const asked = parseAsked(line, fields, { side: 'inbound' });
		if (asked === null) throw new Error(`${line} is no request`);
		return explainer.evaluate(asked).fate.outcome;
	};
	const textOf = (line: string) => {
		const asked = parseAsked(line, [], { side: 'inbound' });
		if (asked === null) throw new Error(`${line} is no request`);
		const slices = explainer.explain(asked, 10);
		for (;;) {
			const slice = slices.next();
			if (slice.done === true) return explanationText(slice.value);
		}
	};
	return {
		outcomeOf,
		textOf,
		failures: () => runTests(edited, explainer).map(({ name, failures }) => [name, failures]),
	};
}

const RULE =
	'inbound: { listen: 1111, routes: [{ name: a, matches: [{ path: /a }], limits: { requestBody: 1KiB } }] }\n';

describe('explain', () => {
	it('says which entry refuses, in the order of the lists', async () => {
		const ofRule = { deny: [{ paths: ['/a/x*'] }] };
		const { outcomeOf } = await explaining(RULE, { deny: [{ methods: ['PUT'] }] }, ofRule);
		expect(outcomeOf('PUT /a/x')).toMatchObject({
			kind: 'refused',
			status: 403,
			code: 'not_authorized',
			why: 'inbound.authorization.deny[0] (orders.yaml:7) refuses it',
			steps: [{ what: 'authorization', detail: '403: inbound.authorization.deny[0]' }, { what: 'body' }],
		});
		expect(outcomeOf('GET /a/x')).toMatchObject({
			why: 'inbound.routes[0].authorization.deny[0] (orders.yaml:7) refuses it',
			steps: [
				{ what: 'authorization', detail: 'inbound.authorization lets it in' },
				{ what: 'authorization', detail: '403: inbound.routes[0].authorization.deny[0]' },
				{ what: 'body' },
			],
		});
		expect(outcomeOf('GET /a')).toMatchObject({ kind: 'backends' });
	});

	it('takes the caller for one who may, and says what a stranger on this machine gets', async () => {
		const { outcomeOf, textOf } = await explaining(RULE, {
			allow: [{ principals: [WEB] }, { sources: ['127.0.0.0/8'], methods: ['GET'] }],
		});
		expect(outcomeOf('POST /b')).toMatchObject({
			kind: 'backends',
			steps: [
				{
					detail:
						'inbound.authorization.allow[0] lets some in; 403 for a caller without identity from 127.0.0.1: no entry of inbound.authorization.allow lets it in',
				},
			],
		});
		expect(outcomeOf('GET /b')).toMatchObject({
			kind: 'backends',
			steps: [{ detail: 'inbound.authorization.allow[1] lets it in' }],
		});
		expect(textOf('POST /a')).toContain('inbound.authorization.allow[0] lets some in; 403 for a caller without');
	});

	it('says what a dry run would refuse, and goes on', async () => {
		const { outcomeOf } = await explaining(RULE, { dryRun: true, allow: [] });
		expect(outcomeOf('GET /a')).toMatchObject({
			kind: 'backends',
			steps: [{ detail: 'dry run: no entry of inbound.authorization.allow lets it in' }, { what: 'body' }],
		});
	});

	it('does not say that there is no rule to whom authorization keeps out', async () => {
		const reject = 'inbound: { listen: 1111, unmatched: reject }\n';
		const { outcomeOf } = await explaining(reject, { deny: [{ paths: ['/x'] }] });
		expect(outcomeOf('GET /x')).toMatchObject({ status: 403, code: 'not_authorized' });
		expect(outcomeOf('GET /y')).toMatchObject({ status: 404, code: 'no_route' });
	});

	it('answers preflights first, and judges fields that reach the app', async () => {
		const cors =
			'inbound: { listen: 1111, routes: [{ filters: [{ cors: { allowOrigins: ["https://b.example"] } }] }] }\n';
		const { outcomeOf } = await explaining(cors, { allow: [{ headers: { 'x-a': '1' } }] });
		const preflight = [
			{ name: 'origin', value: 'https://b.example' },
			{ name: 'access-control-request-method', value: 'PUT' },
		];
		expect(outcomeOf('OPTIONS /', preflight)).toMatchObject({ kind: 'answer', status: 204 });
		expect(outcomeOf('GET /', [{ name: 'x-a', value: '1' }])).toMatchObject({ kind: 'backends' });
		const hidden = [
			{ name: 'x-a', value: '1' },
			{ name: 'connection', value: 'x-a' },
		];
		expect(outcomeOf('GET /', hidden)).toMatchObject({ status: 403 });
	});

	it('applies none where `passthrough` is on', async () => {
		const { outcomeOf } = await explaining('passthrough: true\n', { allow: [] });
		expect(outcomeOf('GET /')).toMatchObject({ kind: 'bytes' });
	});
});

describe('tests of a file', () => {
	it('are refused what is refused to everybody, and nothing else', async () => {
		const yaml = `${RULE}tests:
  - { name: by identity, request: { path: /a }, expect: { route: a, backend: app } }
  - { name: for nobody, request: { path: /a, method: PUT }, expect: { status: 403 } }
  - { name: not in the list, request: { path: /b }, expect: { status: 403 } }
  - { name: denied to some, request: { path: /a, method: POST }, expect: { backend: app } }
`;
		const { failures } = await explaining(yaml, {
			deny: [{ methods: ['PUT'] }, { methods: ['POST'], sources: ['127.0.0.0/8'] }],
			allow: [{ principals: [WEB], paths: ['/a'] }],
		});
		expect(failures()).toEqual([
			['by identity', []],
			['for nobody', []],
			['not in the list', []],
			['denied to some', []],
		]);
	});
});
