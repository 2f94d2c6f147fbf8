/** The Gateway API's HTTPCORSFilter. */
import { block, EVEN_WITH_ISSUES, fault, flag, integer, listOf, text } from './field.ts';
import { HEADER_NAME } from './names.ts';

/** The Gateway API's bounds. */
const MAX_ORIGINS = 64;
const MAX_METHODS = 9;
const MAX_HEADERS = 64;
/** A day is the most that any browser keeps an answer. */
const MAX_AGE_SECONDS = 86_400;
const DEFAULT_MAX_AGE_SECONDS = 5;

const ORIGIN =
	/^(\*|[A-Za-z][A-Za-z0-9+.-]*:\/\/(\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?)$/;
const METHOD = /^[A-Z0-9!#$%&'*+.^_`|~-]{1,64}$/;

const headerNames = (): ReturnType<typeof namesOf> => namesOf();
function namesOf() {
	return listOf(text('a name', 'the name of a header, or `*` for all', HEADER_NAME), MAX_HEADERS);
}

export const corsSchema = block({
	allowOrigins: listOf(
		text('an origin', '`https://shop.example`, `https://*.shop.example`, or `*` for all', ORIGIN),
		MAX_ORIGINS,
	)
		.prefault([])
		.describe(
			'Origins whose scripts may read responses: `scheme://host[:port]`, the host with a `*` in front for any labels; `*` alone for every origin.',
		),
	allowMethods: listOf(text('a method', 'a method in upper case, such as `PUT`, or `*` for all', METHOD), MAX_METHODS)
		.prefault([])
		.describe('Methods that they may use; `*` for all. GET, HEAD and POST need no permission.'),
	allowHeaders: headerNames().prefault([]).describe('Header fields that they may send; `*` for all.'),
	exposeHeaders: headerNames().prefault([]).describe('Header fields of a response that they may read; `*` for all.'),
	allowCredentials: flag().prefault(false).describe('They may send cookies and the like.'),
	maxAge: integer(0, MAX_AGE_SECONDS)
		.prefault(DEFAULT_MAX_AGE_SECONDS)
		.describe('Seconds that a browser may keep the answer to a preflight request.'),
}).superRefine((cors, context) => {
	for (const key of ['allowOrigins', 'allowMethods', 'allowHeaders', 'exposeHeaders'] as const) {
		const list: unknown = cors[key];
		if (!Array.isArray(list) || list.length < 2 || !list.includes('*')) continue;
		const details = { expected: '`*` alone, or a list without it', path: [key, list.indexOf('*')] };
		context.addIssue(fault(list, 'allows everything, so the others say nothing', details));
	}
}, EVEN_WITH_ISSUES);
