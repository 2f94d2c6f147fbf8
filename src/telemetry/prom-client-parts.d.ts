// biome-ignore-all lint/style/noDefaultExport: a CommonJS module's value is its default export.
/**
 * The modules of prom-client that we load one by one: its index also loads the push gateway (and with it TLS), cluster
 * and summaries, which costs 12 MB of memory that a sidecar cannot spare.
 */
declare module 'prom-client/lib/registry.js' {
	export { Registry as default } from 'prom-client';
}
declare module 'prom-client/lib/counter.js' {
	export { Counter as default } from 'prom-client';
}
declare module 'prom-client/lib/gauge.js' {
	export { Gauge as default } from 'prom-client';
}
declare module 'prom-client/lib/histogram.js' {
	export { Histogram as default } from 'prom-client';
}
