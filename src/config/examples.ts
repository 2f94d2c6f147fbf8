/**
 * Examples for the reference, by the heading under which they stand: the key that the heading names, with what it may
 * hold. Several where not all of it can stand in one file. A test puts each into the smallest file that has its heading
 * and requires that it is valid, and that every key of the reference stands in one of them.
 */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
	'': [
		`app: { port: 8080 }
inbound: { listen: 8000 }
outbound: { listen: 127.0.0.1:15001 }
services: { payments: { hostnames: [payments], endpoints: [{ address: "10.0.0.7:8443" }] } }
localReplies: brief
trustedHops: 1                # one load balancer before the sidecar
workers: 1
passthrough: false
unstable: {}`,
	],
	app: [
		'app: { name: orders, namespace: shop, version: v1, zone: eu-west-1a, port: 8080, protocol: http1 }',
		'app: { socket: /run/app.sock }',
	],
	'app.health': ['health: { path: /healthz, interval: 2s }'],
	inbound: ['inbound: { listen: "0.0.0.0:8000", unmatched: reject }'],
	'inbound.authorization': [
		`authorization:
  deny: [{ paths: ["/admin*"] }]
  allow: [{ namespaces: [shop] }]`,
		`authorization:
  dryRun: true                  # only logs whom it would refuse
  allow: [{ principals: ["spiffe://mesh.local/*"] }]`,
	],
	'inbound.authorization.deny[]': [
		`deny:
  - { paths: ["/admin*", "*.bak"], methods: [PUT, DELETE] }      # both must hold, and one value of each
  - { principals: ["spiffe://mesh.local/ns/test/*"], namespaces: [test] }
  - { headers: { x-debug: "*" }, sources: [10.9.0.0/16, "fd00::7"] }`,
	],
	'inbound.routes[]': [
		`routes:
  - name: reads
    hostnames: [orders.shop.svc, "*.shop.svc.cluster.local"]
    matches: [{ path: /orders, method: [GET, HEAD] }]
    timeouts: { request: 15s }
  - name: writes
    matches: [{ path: /orders, method: POST }]
    authorization: { allow: [{ principals: ["spiffe://mesh.local/ns/shop/sa/web"] }] }
    retry: off`,
	],
	'inbound.routes[].matches[]': [
		`matches:
  - { path: /orders, method: GET, headers: { x-canary: "1" }, queryParams: { v: "2" } }
  - path: "= /health"`,
	],
	'inbound.routes[].matches[].path': ['path: { type: RegularExpression, value: "/o/[0-9]+" }'],
	'inbound.routes[].matches[].headers[]': [
		'headers: [{ name: x-version, type: RegularExpression, value: "2\\\\.[0-9]+" }]',
	],
	'inbound.routes[].matches[].queryParams[]': ['queryParams: [{ name: v, type: Exact, value: "2" }]'],
	'inbound.routes[].filters[]': [
		`filters:
  - type: RequestHeaderModifier
    requestHeaderModifier: { set: { x-env: prod } }
  - responseHeaderModifier: { remove: [server] }      # the block says the type`,
	],
	'inbound.routes[].filters[].requestHeaderModifier': [
		'requestHeaderModifier: { set: { x-env: prod }, add: { x-via: outrigger }, remove: [x-debug] }',
	],
	'inbound.routes[].filters[].requestHeaderModifier.set[]': ['set: [{ name: x-env, value: prod }]'],
	'inbound.routes[].filters[].requestRedirect': [
		'requestRedirect: { scheme: https, hostname: shop.example, port: 8443, statusCode: 301 }',
	],
	'inbound.routes[].filters[].requestRedirect.path': [
		'path: { type: ReplacePrefixMatch, replacePrefixMatch: /new }',
		'path: { replaceFullPath: /moved }',
	],
	'inbound.routes[].filters[].urlRewrite': [
		'urlRewrite: { hostname: orders.internal, path: { replacePrefixMatch: /v2 } }',
	],
	'inbound.routes[].filters[].requestMirror': ['requestMirror: { backendRef: { name: app }, percent: 10% }'],
	'inbound.routes[].filters[].requestMirror.backendRef': [
		'backendRef: { name: payments/canary, namespace: shop, port: 80, kind: Service, group: "" }',
	],
	'inbound.routes[].filters[].requestMirror.fraction': ['fraction: { numerator: 1, denominator: 1000 }'],
	'inbound.routes[].filters[].cors': [
		`cors:
  allowOrigins: ["https://shop.example", "https://*.shop.example:8443"]
  allowMethods: [GET, PUT]
  allowHeaders: [x-tenant]
  exposeHeaders: [x-request-id]
  allowCredentials: true
  maxAge: 600`,
	],
	'inbound.routes[].backendRefs[]': [
		`backendRefs:
  - { name: payments, weight: 9 }
  - { name: payments/canary, weight: 1, filters: [{ requestHeaderModifier: { set: { x-canary: "1" } } }] }`,
		'backendRefs: [{ group: "", kind: Service, name: payments, namespace: shop, port: 80 }]',
	],
	'inbound.routes[].timeouts': ['timeouts: { request: 15s, backendRequest: 2s, idle: 1m }'],
	'inbound.routes[].retry': [
		'retry: { attempts: 3, on: [connect-failure, reset], backoff: 25ms, methods: idempotencyKey }',
		'retry: { codes: [503] }',
		'retry: off',
	],
	'inbound.routes[].hedge': ['hedge: { after: p95, max: 1, budgetPercent: 5 }', 'hedge: { after: 50ms }'],
	'inbound.routes[].sessionPersistence': [
		'sessionPersistence: { type: Cookie, sessionName: sid, absoluteTimeout: 12h }',
	],
	'inbound.routes[].sessionPersistence.cookieConfig': ['cookieConfig: { lifetimeType: Session }'],
	'inbound.routes[].rateLimit': [
		'rateLimit: { requests: 100, per: 1s, burst: 20, by: [client, { header: x-api-key }] }',
	],
	'inbound.routes[].fault': ['fault: { delay: { fixed: 100ms }, abort: { status: 503, percent: 1% } }'],
	'inbound.routes[].fault.delay': ['delay: { fixed: 100ms, percent: 5% }'],
	'inbound.routes[].fault.abort': ['abort: { status: 503, percent: 1% }'],
	'inbound.routes[].directResponse': [
		'directResponse: { status: 410, body: "gone for good\\n", headers: { content-type: text/plain } }',
	],
	'inbound.routes[].limits': ['limits: { requestBody: 10MiB }'],
	'inbound.service': [
		'service: { connect: { timeout: 500ms }, circuitBreaker: off }',
		'service: { outlierDetection: off, healthCheck: off }      # as they always are here',
	],
	'inbound.service.connect': [
		'connect: { timeout: 1s, idle: 4s, maxConnections: 512, maxRequestsPerConnection: 10000, maxAge: 1h }',
	],
	'inbound.service.limits': ['limits: { requests: 512, pending: 256, retries: 32 }'],
	'inbound.service.circuitBreaker': [
		`circuitBreaker:
  errorThresholdPercentage: 50%
  volumeThreshold: 20
  rollingCountTimeout: 10s
  resetTimeout: 5s
  failures: [connect, reset, timeout, malformed, 5xx]`,
	],
	'inbound.service.retryBudget': ['retryBudget: { percent: 20%, minPerSecond: 10 }'],
	outbound: [
		'outbound: { listen: 127.0.0.1:15001, unknownHosts: reject }',
		'outbound: { listen: 15001, open: true }      # for other machines, too',
	],
	'outbound.deadlines': ['deadlines: { inherit: explicit, cancel: safe }'],
	'outbound.routes[]': [
		`routes:
  - name: refunds
    hostnames: [payments]
    matches: [{ path: /refunds, method: POST }]
    timeouts: { request: 5s }
    retry: { methods: idempotencyKey }
  - name: reports                   # anything that no service lists
    hostnames: [reports.example]
    backendRefs: [{ name: payments }]
    filters: [{ urlRewrite: { hostname: payments } }]
    authorization: { deny: [{ methods: [DELETE] }] }
    rateLimit: { requests: 10 }
    limits: { requestBody: 1MiB }`,
		`routes:
  - sessionPersistence: { sessionName: sid }
    fault: { delay: { fixed: 2s } }
  - matches: [{ path: /blocked }]
    directResponse: { status: 403 }`,
		`routes:
  - hostnames: [payments]
    matches: [{ method: GET }]
    hedge: { after: p95 }`,
	],
	'outbound.routes[].retry': [
		'retry: { attempts: 1, codes: [503], on: [connect-failure, refused-stream], backoff: 100ms, methods: all }',
	],
	'services.*': [
		`services:
  payments:
    hostnames: [payments, payments.shop.svc]
    ports: { http: 80 }
    protocol: http1
    endpoints:
      - { address: "10.0.0.7:8443", labels: { version: v1 } }
      - { address: "10.0.0.8:8443", labels: { version: v2 } }
    subsets: { canary: { version: v2 } }
    limits: { requests: 512 }
    circuitBreaker: { volumeThreshold: 50 }
    retryBudget: { percent: 10% }`,
		`services:
  payments:
    hostnames: [payments]
    listen: 127.0.0.1:7001          # for an app that takes one address for all of it
    file: endpoints/payments.yaml
    loadBalancer: { policy: peakEwma }
    outlierDetection: { consecutiveErrors: 3 }
    healthCheck: { path: /healthz }`,
		`services:
  payments:
    hostnames: [payments.shop.svc]
    kubernetes: { service: payments, port: http }
    subsets: { canary: { service: payments-canary } }
  search:
    hostnames: [search]
    dns: { name: search.internal, port: 8080 }`,
	],
	'services.*.endpoints[]': [
		'endpoints: [{ address: "10.0.0.7:8443", weight: 2, zone: a, labels: { version: v1 }, identity: "spiffe://mesh.local/ns/shop/sa/payments" }]',
	],
	'services.*.tls': [
		`tls:
  mode: mutual
  sni: payments.shop.svc
  subjectAltNames: ["spiffe://mesh.local/ns/shop/sa/payments"]
  trustBundle: certs/partner-ca.pem`,
		'tls: { mode: simple, sni: api.example.com }      # a server of the web: the authorities of the system',
	],
	'services.*.connect': [
		'connect: { timeout: 5s, idle: 4s, maxConnections: 512, maxRequestsPerConnection: 10000, maxAge: 1h }',
	],
	'services.*.dns': [
		'dns: { name: payments.shop.svc, port: 8443, refresh: 5s, type: A }',
		'dns: { name: _http._tcp.payments.shop.svc, type: SRV }',
	],
	'services.*.kubernetes': ['kubernetes: { service: payments, namespace: shop, port: http }'],
	'services.*.loadBalancer': [
		'loadBalancer: { policy: leastRequest, slowStart: 30s, zone: prefer }',
		'loadBalancer: { policy: ringHash, hash: { header: x-user } }      # or a cookie, or a query parameter',
		'loadBalancer: { policy: maglev, hash: sourceIp }',
	],
	'services.*.outlierDetection': [
		`outlierDetection:
  consecutiveErrors: 5
  interval: 10s
  baseEjection: 30s
  maxEjection: 300s
  maxEjectionPercent: 50%`,
		'outlierDetection: off',
	],
	'services.*.outlierDetection.successRate': ['successRate: { below: 0.8, window: 10s, minRequests: 20 }'],
	'services.*.healthCheck': [
		'healthCheck: { path: /healthz, expect: 200-299, interval: 5s, timeout: 1s, healthy: 1, unhealthy: 3 }',
		'healthCheck: { grpc: shop.Payments }',
		'healthCheck: { tcp: true }',
	],
	tls: [
		'tls: { mode: strict, certificate: certs/orders.pem, key: certs/orders.key, trustBundle: certs/ca.pem, minVersion: "1.3" }',
		'tls: { mode: permissive, workloadApi: unix:///run/spire/agent.sock }',
	],
	admin: ['admin: { listen: 127.0.0.1:9901 }'],
	probes: ['probes: { listen: 9902 }'],
	telemetry: ['telemetry: { accessLog: { when: all } }'],
	'telemetry.accessLog': ['accessLog: { format: combined, when: errors, sample: 1%, file: /var/log/outrigger.log }'],
	'telemetry.redact': ['redact: { headers: [authorization, cookie], query: [token] }'],
	'telemetry.metrics': [
		'metrics: { maxSeries: 5000, istio: true, mergeApp: /metrics, pathTemplates: ["/users/{id}"] }',
	],
	'telemetry.logIntake': ['logIntake: { listen: 127.0.0.1:9000, path: /log }'],
	shutdown: ['shutdown: { drain: 20s, propagation: 5s }'],
	limits: [
		`limits:
  connections: 10000
  headerBytes: 60KiB
  headers: 100
  headTimeout: 10s
  idle: 620s
  hold: 1024
  holdFor: 30s`,
	],
	'tests[]': [
		`tests:
  - name: health checks are answered here
    request: { path: /healthz }
    expect: { route: "" }`,
	],
	'tests[].request': [
		'request: { side: inbound, method: PUT, host: orders.shop.svc, path: "/orders/7?v=2", headers: { x-canary: "1" } }',
	],
	'tests[].request.headers[]': ['headers: [{ name: x-canary, value: "1" }]'],
	'tests[].expect': ['expect: { route: "", backend: payments/canary, status: 404 }'],
};
