/** What a rule does to a request and its response, one line a step, in the words of the route file. */
import type {
	CorsFilter,
	DirectResponse,
	FaultInjection,
	Filter,
	HeaderEdits,
	HeaderValue,
	MirrorFilter,
	PathModifier,
	RateLimit,
	RateLimitKey,
	RedirectFilter,
	RewriteFilter,
	Rule,
	SessionPersistence,
} from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import { formatSize } from '../config/size.ts';
import type { Redaction } from './redaction.ts';

export interface Step {
	/** `request header`, `rate limit`, `mirror` … */
	readonly what: string;
	/** `set x-env: prod`. */
	readonly detail: string;
}

const PERCENT = 100;
/** Milliseconds in a second. */
const SECOND = 1000;

/**
 * All that a rule does, in the order in which it happens (`filters/chain.ts`, `proxy/forward.ts`). `authorization`: what has
 * become of that.
 */
export function stepsOf(rule: Rule, redaction: Redaction, authorization: readonly Step[]): Step[] {
	const { fault, rateLimit, limits, directResponse, backendRefs } = rule;
	const steps: Step[] = [];
	const say = (type: Filter['type']): void => {
		for (const filter of rule.filters) if (filter.type === type) steps.push(...filterSteps(filter, redaction));
	};
	const body: Step[] = [];
	if (limits.requestBody > 0)
		body.push({ what: 'body', detail: `at most ${formatSize(limits.requestBody)}, else 413` });
	// Only behind authorization: a stranger learns of no limit.
	if (authorization.length === 0) steps.push(...body);
	say('CORS');
	if (authorization.length > 0) steps.push(...authorization, ...body);
	if (rateLimit !== null) steps.push({ what: 'rate limit', detail: sayRateLimit(rateLimit) });
	if (fault !== null) steps.push(...faultSteps(fault));
	say('RequestRedirect');
	if (directResponse !== null) steps.push({ what: 'answer', detail: sayDirect(directResponse) });
	say('URLRewrite');
	say('RequestHeaderModifier');
	say('RequestMirror');
	for (const ref of backendRefs) {
		const own = ref.filters.flatMap((filter) => filterSteps(filter, redaction));
		steps.push(...own.map(({ what, detail }) => ({ what, detail: `${detail} (for ${ref.label} alone)` })));
	}
	say('ResponseHeaderModifier');
	return steps;
}

function sayDirect({ status, body }: DirectResponse): string {
	return `${status} with ${body === '' ? 'no body' : `a body of ${body.length} characters`}`;
}

function sayRateLimit({ requests, per, burst, by }: RateLimit): string {
	const key = by.length === 0 ? 'for all callers together' : `for each ${by.map(sayKey).join(' and ')}`;
	const more = burst > 0 ? `, up to ${requests + burst} at once` : '';
	return `${requests} a ${per === SECOND ? 'second' : formatDuration(per)}${more}, ${key}, else 429`;
}

function sayKey(key: RateLimitKey): string {
	return key.by === 'header' ? `value of ${key.name}` : key.by;
}

function faultSteps({ delay, abort }: FaultInjection): Step[] {
	const steps: Step[] = [];
	if (delay !== null)
		steps.push({ what: 'fault', detail: `wait ${formatDuration(delay.fixed)} for ${percent(delay.percent)}` });
	if (abort !== null) steps.push({ what: 'fault', detail: `answer ${abort.status} for ${percent(abort.percent)}` });
	return steps;
}

/** What a filter says, as it is written; what becomes of path and host by it is found out by running it. */
function filterSteps(filter: Filter, redaction: Redaction): Step[] {
	switch (filter.type) {
		case 'RequestHeaderModifier':
			return editSteps('request header', filter, redaction);
		case 'ResponseHeaderModifier':
			return editSteps('response header', filter, redaction);
		case 'RequestRedirect':
			return [{ what: 'redirect', detail: sayRedirect(filter) }];
		case 'URLRewrite':
			return [{ what: 'rewrite', detail: sayRewrite(filter) }];
		case 'RequestMirror':
			return [{ what: 'mirror', detail: sayMirror(filter) }];
		case 'CORS':
			return [{ what: 'CORS', detail: sayCors(filter) }];
	}
}

function editSteps(what: string, { set, add, remove }: HeaderEdits, redaction: Redaction): Step[] {
	const line = (verb: string, field: HeaderValue): Step => {
		const { name, value } = redaction.header(field);
		return { what, detail: `${verb} ${name}: ${value}` };
	};
	return [
		...set.map((field) => line('set', field)),
		...add.map((field) => line('add', field)),
		...remove.map((name) => ({ what, detail: `remove ${name}` })),
	];
}

function sayRedirect({ scheme, hostname, port, path, statusCode }: RedirectFilter): string {
	const parts = [
		String(statusCode),
		scheme === '' ? '' : `scheme ${scheme}`,
		hostname === '' ? '' : `host ${hostname}`,
		port === 0 ? '' : `port ${port}`,
		path === null ? '' : sayPath(path),
	];
	return parts.filter((part) => part !== '').join(', ');
}

function sayRewrite({ hostname, path }: RewriteFilter): string {
	const parts = [hostname === '' ? '' : `host ${hostname}`, path === null ? '' : sayPath(path)];
	return parts.filter((part) => part !== '').join(', ');
}

function sayPath({ type, value }: PathModifier): string {
	return `${type === 'ReplaceFullPath' ? 'path' : 'prefix'} becomes ${value || '/'}`;
}

function sayMirror({ backend, share }: MirrorFilter): string {
	const invalid = backend.invalid === '' ? '' : ` (to nowhere: \`${backend.label}\` ${backend.invalid})`;
	return `a copy of ${percent(share * PERCENT)} to ${backend.label}${invalid}`;
}

function sayCors({ allowOrigins, allowCredentials }: CorsFilter): string {
	return `origins ${allowOrigins.join(', ')}${allowCredentials ? ', with credentials' : ''}`;
}

export function sessionStep({ type, sessionName, absoluteTimeout }: SessionPersistence): Step {
	const end = absoluteTimeout === 0 ? '' : `, for ${formatDuration(absoluteTimeout)}`;
	return { what: 'session', detail: `stays with its endpoint by ${type.toLowerCase()} ${sessionName}${end}` };
}

/** `90 %`, `33.3 %`. */
export function percent(value: number): string {
	return `${Number(value.toFixed(1))} %`;
}
