/** What authorization costs a request: `node bench/micro/run.ts authorization`. */
import { AuthorizationFilter } from '../../src/filters/authorization.ts';
import { ask, authorization, WEB, type Written } from '../../test/filters/authorization-parts.ts';

const FIELDS = ['accept: */*', 'user-agent: bench', 'accept-encoding: gzip', 'cookie: a=b', 'x-team: a', 'x-env: dev'];
const caller = { principal: WEB, peer: '10.1.2.3' };
const plain = ask('GET /orders/42?q=1', FIELDS, caller);
const odd = ask('GET /orders//42%2F7', FIELDS, caller);
const other = { ...plain, peerAddress: '192.168.7.7' };

const ADMIN: Written = { paths: ['/admin*', '*.php'] };
const WEB_READS: Written = { principals: [WEB], methods: ['GET', 'HEAD'], paths: ['/orders/*'] };
const others = Array.from({ length: 50 }, (_, i) => ({ principals: [`spiffe://mesh.local/ns/shop/sa/other-${i}`] }));

const filterOf = (deny: readonly Written[], allow: readonly Written[]) =>
	new AuthorizationFilter(authorization({ deny, allow }), 'inbound.authorization');
const usual = filterOf([ADMIN], [WEB_READS]);
const long = filterOf([ADMIN], [...others, WEB_READS]);
const bySource = filterOf([], [{ sources: ['172.16.0.0/12', '10.0.0.0/8'] }]);
const byHeader = filterOf([{ headers: { 'x-debug': '*' } }], [{ headers: { 'x-team': 'a' } }]);
const byNamespace = filterOf([], [{ namespaces: ['shop'] }]);

let turn = 0;

export const cases = [
	{ name: 'let in by principal, method and path', fn: () => usual.onRequest(plain) },
	{ name: 'let in by the last of 51 entries', fn: () => long.onRequest(plain) },
	{ name: 'let in by namespace', fn: () => byNamespace.onRequest(plain) },
	{ name: 'let in by source', fn: () => bySource.onRequest(plain) },
	{ name: 'two sources in turn, one refused', fn: () => bySource.onRequest(turn++ % 2 === 0 ? plain : other) },
	{ name: 'let in by a header, deny by another', fn: () => byHeader.onRequest(plain) },
	{ name: 'refused for a path with `//` and `%2F`', fn: () => usual.onRequest(odd) },
];
