/**
 * A small shop on plain node:http. It knows nothing of Outrigger and runs just as well without it:
 *
 *     PORT=8080 node examples/shop/shop.js
 *
 * Some of its endpoints misbehave on purpose, so that there is something to watch.
 */
import { createServer, get } from 'node:http';

const PORT = Number(process.env.PORT ?? 8080);
/** Behind a sidecar an app listens on loopback only: nobody can reach it around the sidecar. */
const HOST = process.env.HOST ?? '127.0.0.1';
/** Another service, by the name that it has wherever the shop runs. */
const STOCK_URL = process.env.STOCK_URL ?? 'http://stock/';
const EVENT_INTERVAL_MS = 500;
const DEFAULT_EVENTS = 5;
const DEFAULT_SLOW_MS = 1_000;

const orders = [
	{ id: 1, item: 'paddle', quantity: 2 },
	{ id: 2, item: 'rope', quantity: 1 },
	{ id: 3, item: 'sail', quantity: 1 },
];

let flakyCalls = 0;

function json(response, status, value) {
	const body = `${JSON.stringify(value)}\n`;
	response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
	response.end(body);
}

function listEndpoints(_request, response) {
	json(response, 200, { shop: Object.keys(ENDPOINTS) });
}

function listOrders(_request, response) {
	json(response, 200, orders);
}

function showOrder(_request, response, url) {
	const id = Number(url.pathname.split('/')[2]);
	const order = orders.find((candidate) => candidate.id === id);
	if (order === undefined) json(response, 404, { error: 'no such order' });
	else json(response, 200, order);
}

/** What another service says (`stock.js`). */
function stock(_request, response) {
	const call = get(STOCK_URL, (answer) => {
		response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
		answer.pipe(response);
	});
	call.on('error', (error) => json(response, 502, { error: `stock: ${error.code ?? error.message}` }));
}

/** Answers late: `?ms=1500`. */
function slow(_request, response, url) {
	const wait = Number(url.searchParams.get('ms') ?? DEFAULT_SLOW_MS);
	setTimeout(() => json(response, 200, { waitedMs: wait }), wait);
}

/** Answers with the status asked for: `?status=503`. */
function fail(_request, response, url) {
	json(response, Number(url.searchParams.get('status') ?? 500), { error: 'asked to fail' });
}

/** Resets the connection on every other call, before a byte of the response. */
function flaky(request, response) {
	flakyCalls += 1;
	if (flakyCalls % 2 === 1) request.socket.resetAndDestroy();
	else json(response, 200, { call: flakyCalls });
}

/** Sends the body back as it came, and shows which headers the app saw. */
function echo(request, response) {
	response.writeHead(200, {
		'content-type': request.headers['content-type'] ?? 'application/octet-stream',
		'x-seen-headers': Object.keys(request.headers).join(' '),
	});
	request.pipe(response);
}

/** Server-sent events: `?count=5`. */
function events(_request, response, url) {
	let left = Number(url.searchParams.get('count') ?? DEFAULT_EVENTS);
	response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
	const send = () => {
		response.write(`data: ${JSON.stringify({ left, at: new Date().toISOString() })}\n\n`);
		left -= 1;
		if (left <= 0) {
			clearInterval(timer);
			response.end();
		}
	};
	const timer = setInterval(send, EVENT_INTERVAL_MS);
	response.on('close', () => clearInterval(timer));
	send();
}

function health(_request, response) {
	json(response, 200, { ok: true });
}

const ENDPOINTS = {
	'GET /': listEndpoints,
	'GET /orders': listOrders,
	'GET /orders/{id}': showOrder,
	'GET /stock': stock,
	'GET /slow': slow,
	'GET /fail': fail,
	'GET /flaky': flaky,
	'POST /echo': echo,
	'GET /events': events,
	'GET /healthz': health,
};

const server = createServer((request, response) => {
	const url = new URL(request.url ?? '/', 'http://shop');
	const path = url.pathname.startsWith('/orders/') ? '/orders/{id}' : url.pathname;
	const method = request.method === 'HEAD' ? 'GET' : request.method;
	const endpoint = ENDPOINTS[`${method} ${path}`];
	if (endpoint === undefined) json(response, 404, { error: 'no such page' });
	else endpoint(request, response, url);
});

server.listen(PORT, HOST, () => console.error(`shop listens on http://${HOST}:${PORT}`));

for (const signal of ['SIGTERM', 'SIGINT']) {
	process.on(signal, () => {
		server.close();
		server.closeIdleConnections();
	});
}
