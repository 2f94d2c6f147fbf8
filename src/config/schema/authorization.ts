/** Who may ask: what is denied, and what is allowed. */
import type * as z from 'zod';
import { normalizePath } from '../../http/path.ts';
import type { TextPattern } from '../identity-config.ts';
import { parseSpiffeId } from '../spiffe-id.ts';
import {
	block,
	EVEN_WITH_ISSUES,
	fault,
	fieldFacts,
	flag,
	hasUnknownKey,
	listOf,
	mapOf,
	shared,
	text,
} from './field.ts';
import { HEADER_NAME } from './names.ts';
import { identityOfNetwork, network } from './network.ts';
import { faultOfWorkloadId } from './peer-name.ts';
import { identityOfPattern, textPattern } from './text-pattern.ts';

const MAX_RULES = 256;
const MAX_VALUES = 256;
const MAX_METHODS = 16;
const MAX_HEADERS = 16;

/** RFC 9110 §5.6.2 without lower-case letters, and without `*`, which would look like a pattern. */
const METHOD = /^[A-Z0-9!#$%&'+.^_`|~-]{1,64}$/;
const NAMESPACE = /^[A-Za-z0-9._-]{1,253}$/;

const MAX_PATH_LENGTH = 1024;
/** Nothing but the path is matched. */
const PATH = /^[!-"$->@-~]*$/;
/** What paths do not have, and regular expressions often do. */
const LIKE_REGEX = /^[~^]|\.\*|[[\]|\\]/;

const CONDITIONS = ['principals', 'namespaces', 'methods', 'paths', 'headers', 'sources'] as const;

const EXPECTED_PRINCIPAL =
	'a SPIFFE id such as `spiffe://mesh.local/ns/shop/sa/web`, its beginning (`spiffe://mesh.local/ns/shop/*`), its end (`*/sa/web`), or `*`';
const EXPECTED_PATH = 'a path such as `/orders`, its beginning (`/orders/*`), its end (`*.png`), or `*`';
const EXPECTED_NAMESPACE = 'a name such as `shop`, its beginning (`shop-*`), its end (`*-test`), or `*`';
const EXPECTED_VALUE = 'a value, its beginning (`x*`), its end (`*x`), or `*`';

const principal = textPattern({ noun: 'a SPIFFE id', expected: EXPECTED_PRINCIPAL, check: checkPrincipal });
const namespace = textPattern({
	noun: 'a namespace',
	expected: EXPECTED_NAMESPACE,
	check: (pattern) => (NAMESPACE.test(pattern.value) ? pattern : 'has a character that no namespace has'),
});
const path = textPattern({ noun: 'a path', expected: EXPECTED_PATH, check: checkPath });
const headerValue = textPattern({ noun: 'a value', expected: EXPECTED_VALUE, check: (pattern) => pattern });

/** What an id could be of which only a part is known: any that has the part will do. */
function checkPrincipal(pattern: TextPattern): TextPattern | string {
	const { type, value } = pattern;
	if (type === 'exact') return faultOfWorkloadId(value) || pattern;
	if (type === 'prefix') {
		if ('spiffe://'.startsWith(value)) return pattern;
		const whole = parseSpiffeId(`${value}x`);
		return whole.ok ? pattern : whole.reason;
	}
	if (parseSpiffeId(`spiffe://x${value}`).ok || parseSpiffeId(`spiffe://${value}`).ok) return pattern;
	const whole = parseSpiffeId(`spiffe://x/x${value}`);
	return whole.ok ? pattern : whole.reason;
}

/** Paths in the form in which requests are matched, so that no other spelling goes past a rule. */
function checkPath(pattern: TextPattern): TextPattern | string {
	const { type, value } = pattern;
	const whole = type === 'prefix' ? `${value}*` : value;
	if (LIKE_REGEX.test(whole)) return 'is a regular expression, which paths never are here';
	if (value.length > MAX_PATH_LENGTH) return `is longer than ${MAX_PATH_LENGTH} characters`;
	if (value.includes('?')) return 'has a query: only the path is matched';
	if (!PATH.test(value)) return 'has a character that no path has';
	if (type !== 'suffix' && !value.startsWith('/')) return 'must start with `/`';
	if (/%2f/i.test(value)) return 'has an escaped slash: `%2F`';
	if (/\/\.{1,2}(\/|$)/.test(value.replace(/%2e/gi, '.'))) return 'has a dot segment';
	// An end is seen behind a segment that ends in it.
	const before = type === 'suffix' ? '/x' : '';
	const normal = normalizePath(before + value);
	return normal === null ? 'has a bad escape' : { type, value: normal.slice(before.length) };
}

const headers = mapOf(headerValue, {
	expected: 'a mapping such as `{ x-team: a }`',
	type: 'mapping of names to text',
	name: HEADER_NAME,
	expectedName: 'the name of a header',
	max: MAX_HEADERS,
}).superRefine((values, context) => {
	const seen = new Set<string>();
	for (const name of Object.keys(values)) {
		if (seen.has(name.toLowerCase())) {
			const details = { expected: 'each name once, in any case', path: [name], isKey: true };
			context.addIssue(fault(name, 'is in the mapping already', details));
		}
		seen.add(name.toLowerCase());
	}
}, EVEN_WITH_ISSUES);

function conditionList<T extends z.ZodType>(
	item: T,
	max: number,
	example: string,
	identityOf?: (value: unknown) => unknown,
) {
	return listOf(item, max, identityOf).register(fieldFacts, {
		noun: 'a list',
		expected: `a list of at most ${max} such as \`[${example}]\``,
		needsValue: true,
	});
}

const rule = block({
	principals: conditionList(principal, MAX_VALUES, '"spiffe://mesh.local/ns/shop/sa/web"', identityOfPattern)
		.optional()
		.describe('SPIFFE ids of callers. Who has not proven one by a certificate matches none, not even `*`.'),
	namespaces: conditionList(namespace, MAX_VALUES, 'shop', identityOfPattern)
		.optional()
		.describe('Namespaces of callers, out of SPIFFE ids of the form `spiffe://trust-domain/ns/shop/sa/web`.'),
	methods: conditionList(
		text('a method', 'a method in upper case, such as `GET`; no `methods` for any', METHOD),
		MAX_METHODS,
		'GET',
	)
		.optional()
		.describe('Methods.'),
	paths: conditionList(path, MAX_VALUES, '"/orders/*"', identityOfPattern)
		.optional()
		.describe('Paths in the form in which rules match them, without query. `/a/*` is not `/a` itself.'),
	headers: headers
		.register(fieldFacts, { needsValue: true })
		.optional()
		.describe('Header fields that must all be there. Several lines of one name count as one, joined by `,`.'),
	sources: conditionList(network, MAX_VALUES, '10.0.0.0/8', identityOfNetwork)
		.optional()
		.describe("Addresses or networks of the connection's other end, whatever header fields say of the client."),
})
	.superRefine(checkConditions, EVEN_WITH_ISSUES)
	.register(fieldFacts, { showsOnlySet: true });

/** Somebody who leaves nothing in a list does not mean everybody. */
function checkConditions(conditions: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
	for (const key of CONDITIONS) {
		const value = conditions[key];
		if (typeof value !== 'object' || value === null || Object.keys(value).length > 0) continue;
		const details = { expected: 'at least one entry, or no such key for any', path: [key], isKey: true };
		context.addIssue(fault(value, 'is empty, and would hold for everybody', details));
	}
}

const rules = () =>
	listOf(rule, MAX_RULES).register(fieldFacts, {
		noun: 'a list',
		expected: `a list of at most ${MAX_RULES} such as \`[{ paths: ["/admin*"] }]\``,
		needsValue: true,
	});

export const authorization = shared(
	'authorization',
	block({
		dryRun: flag().prefault(false).describe('Refusals are only logged and counted.'),
		deny: rules()
			.prefault([])
			.describe(
				'Requests that get 403, whatever `allow` says. An entry holds when all of its conditions do, a condition when one of its values does.',
			),
		allow: rules()
			.optional()
			.describe('Requests that go on; all others get 403. Default: whatever is not denied; `[]`: none.'),
	})
		.superRefine((whole, context) => {
			const deniesNone = Array.isArray(whole.deny) && whole.deny.length === 0;
			if ('allow' in whole || !deniesNone || hasUnknownKey(context)) return;
			context.addIssue(fault(whole, 'has neither `deny` nor `allow`', { expected: 'at least one of them' }));
		}, EVEN_WITH_ISSUES)
		.register(fieldFacts, { needsValue: true }),
);

export type AuthorizationInput = z.output<typeof authorization>;
