/** The Gateway API's filters: a `type`, and the block that has its name in camel case. */
import type * as z from 'zod';
import { targetKeys } from './backend-target.ts';
import { corsSchema } from './cors.ts';
import {
	block,
	EVEN_WITH_ISSUES,
	fault,
	fieldFacts,
	hasUnknownKey,
	integer,
	LIST_EVEN_WITH_ISSUES,
	listOf,
	numberOf,
	percentage,
	port,
	text,
	word,
} from './field.ts';
import { headerModifier } from './header-edits.ts';
import { PRECISE_HOSTNAME } from './names.ts';
import { pathModifier } from './path-modifier.ts';

/** The Gateway API's bound. */
const MAX_FILTERS = 16;
const MAX_FRACTION = 1_000_000_000;
const EXPECTED_HOSTNAME = 'a name such as `orders.shop.svc`, without port';

const requestRedirect = block({
	scheme: word(['http', 'https']).optional().describe('Scheme to go to. Default: that of the request.'),
	hostname: text('a hostname', EXPECTED_HOSTNAME, PRECISE_HOSTNAME)
		.optional()
		.describe('Host to go to. Default: that of the request.'),
	port: port()
		.optional()
		.describe('Port to go to. Default: the usual one of a written `scheme`, else that of the listener.'),
	path: pathModifier.optional().describe('Path to go to. Default: that of the request.'),
	statusCode: numberOf([301, 302, 303, 307, 308]).prefault(302).describe('Status of the answer.'),
});

const urlRewrite = block({
	hostname: text('a hostname', EXPECTED_HOSTNAME, PRECISE_HOSTNAME)
		.optional()
		.describe('Host that the backend is asked for. Default: that of the request.'),
	path: pathModifier.optional().describe('Path that the backend is asked for. Default: that of the request.'),
});

const fraction = block({
	numerator: integer(0, MAX_FRACTION).describe('So many requests …'),
	denominator: integer(1, MAX_FRACTION).prefault(100).describe('… of so many.'),
}).superRefine(({ numerator, denominator }, context) => {
	if (numerator <= denominator) return;
	const details = { expected: 'at most `denominator`', path: ['numerator'] };
	context.addIssue(fault(numerator, 'is more than the whole', details));
});

const requestMirror = block({
	backendRef: block(targetKeys).describe('Who gets a copy; what it answers is dropped.'),
	percent: percentage().optional().describe('Share of the requests that is copied. Default: all.'),
	fraction: fraction.optional().describe('The same as a fraction.'),
}).superRefine((mirror, context) => {
	if (!('percent' in mirror && 'fraction' in mirror)) return;
	context.addIssue(fault(mirror, 'has both `percent` and `fraction`', { expected: 'one of them' }));
}, EVEN_WITH_ISSUES);

const BLOCKS = {
	RequestHeaderModifier: 'requestHeaderModifier',
	ResponseHeaderModifier: 'responseHeaderModifier',
	RequestRedirect: 'requestRedirect',
	URLRewrite: 'urlRewrite',
	RequestMirror: 'requestMirror',
	CORS: 'cors',
} as const;
type FilterType = keyof typeof BLOCKS;
const TYPES = [
	'RequestHeaderModifier',
	'ResponseHeaderModifier',
	'RequestRedirect',
	'URLRewrite',
	'RequestMirror',
	'CORS',
] as const satisfies readonly FilterType[];

function isFilterType(value: unknown): value is FilterType {
	return typeof value === 'string' && Object.hasOwn(BLOCKS, value);
}

/** The type of a filter that may be malformed; `null` when it does not tell. */
export function typeOfFilter(filter: unknown): FilterType | null {
	if (typeof filter !== 'object' || filter === null) return null;
	if ('type' in filter && filter.type !== undefined) return isFilterType(filter.type) ? filter.type : null;
	const written = TYPES.filter((type) => BLOCKS[type] in filter);
	return written.length === 1 ? (written[0] ?? null) : null;
}

const EXPECTED_FILTER = 'a `type` and its block, such as `{ type: URLRewrite, urlRewrite: { hostname: a.b } }`';

const filterSchema = block(
	{
		type: word(TYPES, ['ExtensionRef', 'ExternalAuth'])
			.optional()
			.describe('Which filter it is. May be left out: the block says it.'),
		requestHeaderModifier: headerModifier.optional().describe('Edits the header of requests.'),
		responseHeaderModifier: headerModifier.optional().describe('Edits the header of responses.'),
		requestRedirect: requestRedirect.optional().describe('Answers with another place to ask.'),
		urlRewrite: urlRewrite.optional().describe('Asks the backend for another host or path.'),
		requestMirror: requestMirror.optional().describe('Sends a copy of requests to another backend.'),
		cors: corsSchema.optional().describe('Tells browsers which other origins may ask.'),
	},
	['extensionRef', 'externalAuth'],
	EXPECTED_FILTER,
)
	.superRefine(checkForm, EVEN_WITH_ISSUES)
	.transform((filter) => ({ ...filter, type: typeOfFilter(filter) }))
	.register(fieldFacts, { noun: 'a filter', expected: EXPECTED_FILTER, showsOnlySet: true, definition: 'filter' });

/** As the schema gives it, before `build-filter.ts` takes the block that counts. */
export type FilterInput = z.output<typeof filterSchema>;

function checkForm(filter: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
	const written = TYPES.filter((type) => BLOCKS[type] in filter);
	const type = filter['type'];
	if (type === undefined) {
		if (written.length === 1 || hasUnknownKey(context)) return;
		const message = written.length === 0 ? 'does not say which filter it is' : 'is several filters at once';
		context.addIssue(fault(filter, message, { expected: EXPECTED_FILTER }));
		return;
	}
	if (!isFilterType(type)) return;
	const own = BLOCKS[type];
	for (const other of written) {
		if (other === type) continue;
		const details = { expected: `\`${own}\``, path: [BLOCKS[other]], isKey: true };
		context.addIssue(fault(filter, `does not belong to \`type: ${type}\``, details));
	}
	if (written.length === 0 && !hasUnknownKey(context)) {
		const details = { expected: `\`${own}: { … }\` beside it`, path: ['type'] };
		context.addIssue(fault(filter, `has no block \`${own}\``, details));
	}
}

/** The Gateway API's rules about filters that stand together. */
function checkTogether(filters: readonly unknown[], context: z.RefinementCtx): void {
	const seen = new Set<FilterType>();
	for (const [index, filter] of filters.entries()) {
		const type = typeOfFilter(filter);
		if (type === null) continue;
		if (seen.has(type) && type !== 'RequestMirror') {
			const details = { expected: 'each type once; only `RequestMirror` may come again', path: [index] };
			context.addIssue(fault(filter, `is a second \`${type}\``, details));
		}
		seen.add(type);
		const rival = type === 'URLRewrite' ? 'RequestRedirect' : type === 'RequestRedirect' ? 'URLRewrite' : null;
		if (rival === null || !seen.has(rival)) continue;
		const details = { expected: 'either of them', path: [index] };
		context.addIssue(fault(filter, `is a \`${type}\` beside a \`${rival}\``, details));
	}
}

export const filterList = listOf(filterSchema, MAX_FILTERS)
	.superRefine(checkTogether, LIST_EVEN_WITH_ISSUES)
	.register(fieldFacts, {
		noun: 'a list',
		expected: `a list of at most ${MAX_FILTERS} such as \`[{ urlRewrite: { hostname: a.b } }]\``,
	});
