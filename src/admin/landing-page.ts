/** The page at `/`: what state the sidecar is in and where to look further. Pure; no script, nothing from elsewhere. */
import type { ControlReply } from '../ports/control.ts';
import type { Endpoint } from './endpoint.ts';
import type { Health } from './probe-endpoints.ts';

export interface LandingState {
	readonly workload: string;
	readonly configHash: string;
	readonly ready: Health;
	readonly logLevel: string;
}

/** The page loads nothing and may not be framed: a frame could lure a click on it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'";
const STYLE =
	'body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}' +
	'td{padding:.15rem 1rem .15rem 0;vertical-align:top}code{font-family:ui-monospace,monospace}';

export function landingPage(state: LandingState, endpoints: readonly Endpoint[]): ControlReply {
	const { ok, reasons } = state.ready;
	const ready = ok ? 'ready' : `not ready: ${reasons.map(escapeHtml).join(', ')}`;
	const rows = endpoints.map(({ method, path, about }) => {
		const name = method === 'GET' ? `<a href="${path}">${path}</a>` : path;
		return `<tr><td><code>${method} ${name}</code></td><td>${escapeHtml(about)}</td></tr>`;
	});
	const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Outrigger: ${escapeHtml(state.workload)}</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(state.workload)}</h1>
<p>The sidecar is ${ready}. Configuration <code>${escapeHtml(state.configHash)}</code>, log level ${escapeHtml(state.logLevel)}.</p>
<table>${rows.join('\n')}</table></body></html>
`;
	const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY };
	return { status: 200, headers, body };
}

function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
