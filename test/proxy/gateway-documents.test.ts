/** Documents as a cluster has them decide where requests go: real sockets, real origins. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { RecordingOrigin } from '../support/recording-origin.ts';
import { headOf, RunningSidecar } from './running.ts';

let app: RecordingOrigin;
let pay: RecordingOrigin;
let running: RunningSidecar | null = null;

const named = (name: string): Promise<RecordingOrigin> =>
	RecordingOrigin.start({
		onRequest: (_request, connection) =>
			connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`),
	});

const configuration = (): string => `
app: { port: ${app.port}, name: orders, namespace: shop }
inbound: { listen: 127.0.0.1:0 }
outbound: { listen: 127.0.0.1:0, unknownHosts: reject }
admin: { listen: 127.0.0.1:0 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: orders, namespace: shop }
spec:
  hostnames: [orders.example.com]
  rules:
    - matches: [{ path: { value: /orders } }]
      backendRefs: [{ name: orders, port: 80 }]
    - matches: [{ path: { value: /pay } }]
      backendRefs: [{ name: pay, port: 80 }]
    - matches: [{ path: { value: /gone } }]
      backendRefs: [{ name: gone, port: 80 }]
    - matches: [{ path: { value: /empty } }]
      backendRefs: [{ name: empty, port: 80 }]
    - matches: [{ path: { value: /nothing } }]
    - matches: [{ path: { value: /old } }]
      filters:
        - { type: RequestRedirect, requestRedirect: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /new } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: pay, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: pay }]
  rules:
    - matches: [{ path: { value: /v1 } }]
      filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-mesh, value: "yes" }] } }]
      backendRefs: [{ name: pay, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: pay, namespace: shop }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ports, namespace: shop }
spec: { ports: [{ name: http, port: 80 }, { name: alt, port: 81 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ports-1, namespace: shop, labels: { kubernetes.io/service-name: ports } }
addressType: IPv4
ports: [{ name: http, port: ${pay.port} }, { name: alt, port: ${app.port} }]
endpoints: [{ addresses: [127.0.0.1] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ports, namespace: shop }
spec:
  parentRefs: [{ group: "", kind: Service, name: ports, port: 81 }]
  rules:
    - matches: [{ path: { value: /v1 } }]
      filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-mesh, value: "81" }] } }]
      backendRefs: [{ name: ports, port: 81 }]
---
apiVersion: v1
kind: Service
metadata: { name: empty, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: pay-1, namespace: shop, labels: { kubernetes.io/service-name: pay } }
addressType: IPv4
ports: [{ name: http, port: ${pay.port} }]
endpoints: [{ addresses: [127.0.0.1] }]
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
`;

beforeEach(async () => {
	[app, pay] = await Promise.all([named('app'), named('pay')]);
	running = await RunningSidecar.start(configuration());
});
afterEach(async () => {
	await running?.stop();
	running = null;
	await Promise.all([app.stop(), pay.stop()]);
});

/** Status, the body of a 200, and the field that a rule has set. */
async function ask(port: number, host: string, path: string): Promise<string> {
	const client = await RawClient.connect(port);
	await client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
	const response = await client.readResponse();
	client.close();
	const [, field = ''] = /\r\n(?:x-mesh|location): ([^\r]*)/i.exec(headOf(response)) ?? [];
	return `${response.status} ${response.status === 200 ? response.body.toString() : ''} ${field}`.trim();
}

describe('a request to the app', () => {
	it.each([
		['/orders/7', '200 app'],
		['/pay', '200 pay'],
		['/gone', '500'],
		['/empty', '503'],
		['/nothing', '500'],
		['/old/7', '302  http://orders.example.com/new/7'],
		['/other', '404'],
	])('for %s goes where the route says: %s', async (path, expected) => {
		const answer = await ask(running?.port ?? 0, 'orders.example.com', path);
		expect(answer.replace(/(example\.com):\d+/, '$1')).toBe(expected);
	});

	it('for another host is nobody’s', async () => {
		expect(await ask(running?.port ?? 0, 'example.com', '/orders')).toBe('404');
	});
});

describe('a request of the app', () => {
	it.each([
		['pay', '/v1', '200 pay yes'],
		['pay.shop.svc.cluster.local:80', '/v1/x', '200 pay yes'],
		['pay.shop', '/v2', '404'],
		['empty', '/', '503'],
		['elsewhere', '/', '502'],
	])(
		'to %s for %s goes by the routes of the service, which take all of its requests: %s',
		async (host, path, expected) => {
			expect(await ask(running?.outboundPort ?? 0, host, path)).toBe(expected);
		},
	);

	it.each([
		['ports:81', '/v1', '200 app 81'],
		['ports:81', '/v2', '404'],
		['ports', '/v1', '200 pay'],
		['ports:80', '/v2', '200 pay'],
		['other', 'http://ports:81/v1', '200 app 81'],
		['ports:81', 'http://ports/v1', '200 pay'],
	])('to %s for %s goes by a route of one port only at that port: %s', async (host, path, expected) => {
		expect(await ask(running?.outboundPort ?? 0, host, path)).toBe(expected);
	});
});
