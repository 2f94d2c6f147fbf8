/** `tests`: what is expected of the rules. */
import { block, EVEN_WITH_ISSUES, fault, fieldFacts, hasUnknownKey, integer, listOf, text, word } from './field.ts';
import { anyHeaderValues } from './header-edits.ts';

const MAX_TESTS = 10_000;
const MIN_STATUS = 200;
const MAX_STATUS = 599;

const METHOD = /^[A-Z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** A host as a request has it, with a port or without. */
const HOST = /^[!-.0-~]{1,262}$/;
/** A path and perhaps a query, as a request has them. */
const TARGET = /^\/[!"$-~]*$/;

const request = block({
	side: word(['inbound', 'outbound']).prefault('inbound').describe('Whose rules are asked.'),
	method: text('a method', 'a method in upper case, such as `GET`', METHOD)
		.prefault('GET')
		.describe('Method of the request.'),
	host: text('a host', 'a host such as `orders.shop.svc`', HOST).prefault('localhost').describe('Host of the request.'),
	path: text('a path', 'a path such as `/orders/7?v=2`', TARGET)
		.prefault('/')
		.describe('Path of the request, perhaps with a query.'),
	headers: anyHeaderValues.prefault([]).describe('Header fields of the request.'),
});

const expectation = block({
	route: text('the name of a rule', 'the name of a rule, or `""` for none', /^[!#-[\]-~]{0,253}$/)
		.optional()
		.describe('Name of the rule that wins; `""`: none does.'),
	backend: text('a backend', 'a backend such as `app` or `payments/canary`', /^[!-~]{1,507}$/)
		.optional()
		.describe('A backend that may get the request.'),
	status: integer(MIN_STATUS, MAX_STATUS)
		.optional()
		.describe('Status of an answer that the sidecar makes without asking a backend.'),
}).superRefine((expected, context) => {
	if (Object.keys(expected).length > 0 || hasUnknownKey(context)) return;
	context.addIssue(fault(expected, 'expects nothing', { expected: 'at least one of `route`, `backend`, `status`' }));
}, EVEN_WITH_ISSUES);

const routeTest = block({
	name: text('a name', 'text of one line').optional().describe('What is tested. Default: its number.'),
	request: request.prefault({}).describe('The request.'),
	expect: expectation.describe('What is expected; at least one of the keys.'),
});

export const routeTests = listOf(routeTest, MAX_TESTS).register(fieldFacts, {
	noun: 'a list',
	expected: `a list of at most ${MAX_TESTS} such as \`[{ request: { path: /a }, expect: { route: a } }]\``,
});
