/** What becomes of a request once its rule is known. */
import type { Config, Rule } from '../config/config.ts';
import { ERROR_CODES, type ErrorCode } from '../error.ts';
import { NO_TUNNEL_STATUS, promisesTunnel } from '../http/own-response.ts';
import { byHost, type Share, sharesOf } from './backends.ts';
import type { Filtered } from './filtered.ts';
import type { Redaction } from './redaction.ts';
import { type Step, sessionStep, stepsOf } from './steps.ts';

export interface Outcome {
	/**
	 * `backends`: one of them gets it. `answer`: the rule answers by itself. `refused`: it gets nowhere. `passthrough`: it
	 * goes to the host that it asks for. `bytes`: no rule is looked at, bytes are forwarded.
	 */
	readonly kind: 'backends' | 'answer' | 'refused' | 'passthrough' | 'bytes';
	/** Of an answer or a refusal; `null`: what the backend says. */
	readonly status: number | null;
	/** Of a refusal; `''` otherwise. */
	readonly code: ErrorCode | '';
	/** Of a redirect; `''` otherwise. */
	readonly location: string;
	/** One sentence part on why it is so; `''` when there is nothing to say. */
	readonly why: string;
	/** As they go on; of a redirect or a refusal as they came. */
	readonly host: string;
	/** With its query. */
	readonly path: string;
	readonly steps: readonly Step[];
	readonly backends: readonly Share[];
}

const NOWHERE = { status: null, code: '', location: '', why: '', steps: [], backends: [] } as const;
const ALL = 100;

/** A request that no rule is asked about, or that none takes. */
export function refusal(code: ErrorCode, why: string, host: string, path: string): Outcome {
	return { ...NOWHERE, kind: 'refused', status: ERROR_CODES[code].status, code, why, host, path };
}

export function bytesOutcome(why: string, host: string, path: string): Outcome {
	return { ...NOWHERE, kind: 'bytes', why, host, path };
}

export interface OutcomeInput {
	readonly config: Config;
	readonly rule: Rule;
	/** What the rule's filters have made of the request. */
	readonly filtered: Filtered;
	readonly redaction: Redaction;
	/** The service by whose own port it came; `''`: by the port of its side. */
	readonly portOf: string;
}

/** In the order of `filters/chain.ts`. */
export function outcomeOf(input: OutcomeInput): Outcome {
	const outcome = answered(input);
	const { status } = outcome;
	if (status === null || !promisesTunnel(input.filtered.method, status)) return outcome;
	const why = `${outcome.why}, but a ${status} to CONNECT would say that a tunnel is open`;
	return { ...outcome, kind: 'refused', status: NO_TUNNEL_STATUS, code: 'bad_request', why };
}

function answered(input: OutcomeInput): Outcome {
	const { rule, filtered, redaction } = input;
	const { fault } = rule;
	const { host, path, answer, judged } = filtered;
	const here = { ...NOWHERE, steps: stepsOf(rule, redaction, judged.steps), host, path: redaction.path(path) };
	if (judged.refusal !== '') {
		return {
			...here,
			kind: 'refused',
			status: ERROR_CODES.not_authorized.status,
			code: 'not_authorized',
			why: judged.refusal,
		};
	}
	const isEveryAborted = fault?.abort?.percent === ALL;
	if (isEveryAborted && answer?.made !== 'cors_preflight') {
		const why = '`fault.abort` is for every request';
		return { ...here, kind: 'refused', status: fault?.abort?.status ?? null, code: 'fault_injected', why };
	}
	if (answer === null) return { ...here, ...destination(input, here.steps) };
	const location = redactedLocation(answer.location, redaction);
	return { ...here, kind: 'answer', status: answer.status, location, why: MADE[answer.made] };
}

const MADE = {
	redirect: 'the rule redirects',
	direct_response: 'the rule has a `directResponse`',
	cors_preflight: 'the rule answers CORS preflights',
} as const;

/** Of an absolute location only the query can hold what must not be told. */
function redactedLocation(location: string, redaction: Redaction): string {
	const query = location.indexOf('?');
	return query < 0 ? location : location.slice(0, query) + redaction.path(`/${location.slice(query)}`).slice(1);
}

type Destination = Pick<Outcome, 'kind' | 'why'> & Partial<Outcome>;

function destination({ config, rule, filtered, portOf }: OutcomeInput, steps: readonly Step[]): Destination {
	if (rule.isByHost) return portOf === '' ? byHostOutcome(config, filtered) : wholeTo(portOf, 'it comes by its port');
	const backends = sharesOf(rule);
	const chosen = backends.filter(({ percent }) => percent > 0);
	const [first] = chosen;
	if (first === undefined) {
		const why = backends.length === 0 ? 'the rule has no backend' : 'all of its backends have weight 0';
		return { kind: 'refused', status: ERROR_CODES.no_backend.status, code: 'no_backend', why, backends };
	}
	if (chosen.every(({ invalid }) => invalid !== '')) {
		const why = `\`${first.label}\` ${first.invalid}`;
		return { kind: 'refused', status: ERROR_CODES.no_backend.status, code: 'no_backend', why, backends };
	}
	const session = rule.sessionPersistence === null ? [] : [sessionStep(rule.sessionPersistence)];
	return { kind: 'backends', why: '', backends, steps: [...steps, ...session] };
}

function wholeTo(service: string, why: string): Destination {
	const share: Share = { label: service, service, port: 0, percent: ALL, invalid: '' };
	return { kind: 'backends', why, backends: [share] };
}

function byHostOutcome(config: Config, { authority, isTls }: Filtered): Destination {
	const found = byHost(config, authority, isTls);
	if (found.kind === 'service') {
		const { name } = found.service;
		return wholeTo(name, `the service \`${name}\` lists the host`);
	}
	if (found.kind === 'needsConnect') {
		const why = 'no service lists the host, and an https URL leads there by CONNECT only';
		return { kind: 'refused', status: ERROR_CODES.bad_request.status, code: 'bad_request', why };
	}
	const why = `no service lists the host, and \`outbound.unknownHosts\` is \`${found.kind}\``;
	if (found.kind === 'passthrough') return { kind: 'passthrough', why };
	return { kind: 'refused', status: ERROR_CODES.unknown_host.status, code: 'unknown_host', why };
}
