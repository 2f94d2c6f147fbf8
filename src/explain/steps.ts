/** What a rule does to a request and its response, one line a step, in the words of the route file. */
import type {
	CorsFilter,
	FaultInjection,
	Filter,
	HeaderEdits,
	HeaderValue,
	MirrorFilter,
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

/** What holds before the request goes anywhere. */
export function admissionSteps({ fault, rateLimit, limits }: Rule): Step[] {
	const steps: Step[] = [];
	if (limits.requestBody > 0) {
		steps.push({ what: 'body', detail: `at most ${formatSize(limits.requestBody)}, else 413` });
	}
	if (rateLimit !== null) steps.push({ what: 'rate limit', detail: sayRateLimit(rateLimit) });
	if (fault !== null) steps.push(...faultSteps(fault));
	return steps;
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

/** What the filters say, as it is written; what becomes of path and host by them is found out by running them. */
export function filterSteps(filters: readonly Filter[], redaction: Redaction): Step[] {
	return filters.flatMap((filter) => stepsOf(filter, redaction));
}

function stepsOf(filter: Filter, redaction: Redaction): Step[] {
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
	const parts = [scheme, hostname, port === 0 ? '' : `port ${port}`, path === null ? '' : sayPath(path)];
	return `${statusCode} to another ${parts.filter((part) => part !== '').join(', ') || 'place'}`;
}

function sayRewrite({ hostname, path }: RewriteFilter): string {
	const parts = [hostname === '' ? '' : `host ${hostname}`, path === null ? '' : sayPath(path)];
	return parts.filter((part) => part !== '').join(', ');
}

function sayPath({ type, value }: { readonly type: string; readonly value: string }): string {
	return type === 'ReplaceFullPath' ? `path ${value}` : `prefix ${value || '/'}`;
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
