/** What the filters of a rule add to a request: `node bench/micro/run.ts filters`. */
import type { CorsFilter } from '../../src/config/config.ts';
import { Cors } from '../../src/filters/cors.ts';
import { RequestHeaderModifier, ResponseHeaderModifier } from '../../src/filters/header-modifier.ts';
import { RequestRedirect } from '../../src/filters/redirect.ts';
import { UrlRewrite } from '../../src/filters/rewrite.ts';
import { prefix, requestOf, responseOf } from '../../test/filters/filtered-request.ts';

const FIELDS = ['accept: */*', 'user-agent: bench', 'accept-encoding: gzip', 'cookie: a=b', 'x-debug: 1', 'x-env: dev'];
const EDITS = { set: [{ name: 'x-env', value: 'prod' }], add: [{ name: 'x-a', value: '1' }], remove: ['x-debug'] };
const CORS: CorsFilter = {
	type: 'CORS',
	allowOrigins: ['https://a.example', 'https://*.b.example'],
	allowMethods: ['PUT'],
	allowHeaders: ['x-a'],
	exposeHeaders: [],
	allowCredentials: true,
	maxAge: 5,
};
const PREFIX = { type: 'ReplacePrefixMatch', value: '/v2' } as const;

const request = requestOf(['GET /v1/orders/42?q=1', 'host: shop.example', ...FIELDS], { match: prefix('/v1') });
const crossOrigin = requestOf(['GET /v1/orders', 'host: shop.example', 'origin: https://x.b.example', ...FIELDS]);
const response = responseOf([
	['content-type', 'application/json'],
	['content-length', '2'],
	['x-debug', '1'],
	['date', 'now'],
]);

const requestEdits = new RequestHeaderModifier(EDITS);
const responseEdits = new ResponseHeaderModifier(EDITS);
const redirect = new RequestRedirect({
	type: 'RequestRedirect',
	scheme: 'https',
	hostname: '',
	port: 0,
	path: PREFIX,
	statusCode: 302,
});
const rewrite = new UrlRewrite({ type: 'URLRewrite', hostname: 'b', path: PREFIX });
const cors = new Cors(CORS);

/** Heads as they were before the filters. */
function restored(): void {
	for (const { headers } of [request.head, crossOrigin.head, response]) headers.forgetAdded();
	request.head.path = '/v1/orders/42';
	crossOrigin.allowedOrigin = undefined;
}

export const cases = [
	{ name: 'restoring the heads (part of all below)', fn: restored },
	{
		name: 'request: set, add and remove a field',
		fn: () => {
			restored();
			return requestEdits.onRequest(request);
		},
	},
	{
		name: 'response: set, add and remove a field',
		fn: () => {
			restored();
			return responseEdits.onResponse(response);
		},
	},
	{
		name: 'rewrite of host and prefix',
		fn: () => {
			restored();
			return rewrite.onRequest(request);
		},
	},
	{
		name: 'redirect',
		fn: () => {
			restored();
			return redirect.onRequest(request);
		},
	},
	{
		name: 'CORS of a request and its response',
		fn: () => {
			restored();
			cors.onRequest(crossOrigin);
			return cors.onResponse(response, crossOrigin);
		},
	},
];
