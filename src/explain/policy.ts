/** The policy in force for a rule or a service: each value as the file would write it, and where it came from. */
import type { Rule } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import type { Effective, EffectiveLeaf, EffectiveMap } from '../config/effective.ts';
import { formatSize } from '../config/size.ts';
import { MASK, type Redaction } from './redaction.ts';

export interface PolicyValue {
	/** Dotted, from the rule or service down: `timeouts.request`. */
	readonly key: string;
	readonly value: string;
	/** `orders.yaml:3`, `default`, or `env NAME`. */
	readonly from: string;
}

/** What is told elsewhere, or says where a request goes and not how. */
const NOT_POLICY: ReadonlySet<string> = new Set([
	'name',
	'hostnames',
	'matches',
	'filters',
	'backendRefs',
	'directResponse',
	'ports',
	'listen',
	'endpoints',
	'dns',
	'file',
	'kubernetes',
	'subsets',
]);

/** All values below a node of the effective configuration; `under` is the key by which it is told. */
export function policyAt(node: Effective | null, under = ''): PolicyValue[] {
	const values: PolicyValue[] = [];
	if (node !== null && !isLeaf(node) && !isList(node)) {
		for (const [key, child] of Object.entries(node)) {
			if (!NOT_POLICY.has(key)) addAll(child, under === '' ? key : `${under}.${key}`, values);
		}
	}
	return values;
}

/** The value that a header field must have is as much of a secret as the field itself. */
const HEADER_OF_AUTHORIZATION = /(?:^|\.)authorization\.(?:deny|allow)\[[0-9]+\]\.headers\.(.+)$/;

export function redactedPolicy(values: readonly PolicyValue[], redaction: Redaction): PolicyValue[] {
	return values.map((each) => {
		const [, name = ''] = HEADER_OF_AUTHORIZATION.exec(each.key) ?? [];
		return redaction.hidesHeader(name) ? { ...each, value: MASK } : each;
	});
}

function addAll(node: Effective, key: string, values: PolicyValue[]): void {
	if (isLeaf(node)) {
		const { value, from } = node;
		if (value === null) return;
		const text = Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
		values.push({ key, value: text, from });
	} else if (isList(node)) {
		for (const [index, item] of node.entries()) addAll(item, `${key}[${index}]`, values);
	} else {
		for (const [name, child] of Object.entries(node)) addAll(child, `${key}.${name}`, values);
	}
}

/** Not `effective.ts`'s own: that one stands beside the schemas, which must stay out of the data plane. */
function isLeaf(node: Effective): node is EffectiveLeaf {
	return 'from' in node && typeof node['from'] === 'string';
}

function isList(node: EffectiveMap | readonly Effective[]): node is readonly Effective[] {
	return Array.isArray(node);
}

/** For the rule that the effective configuration does not hold: the one for what none takes, which is all defaults. */
export function policyOfDefaults(rule: Rule): PolicyValue[] {
	const { timeouts, retry, limits } = rule;
	const entries: [string, string][] = [
		['timeouts.request', formatDuration(timeouts.request)],
		['timeouts.backendRequest', formatDuration(timeouts.backendRequest)],
		['timeouts.idle', formatDuration(timeouts.idle)],
	];
	if (retry === null) entries.push(['retry', 'off']);
	else {
		entries.push(['retry.attempts', String(retry.attempts)], ['retry.codes', `[${retry.codes.join(', ')}]`]);
		entries.push(['retry.on', `[${retry.on.join(', ')}]`], ['retry.methods', retry.methods]);
		if (retry.backoff > 0) entries.push(['retry.backoff', formatDuration(retry.backoff)]);
	}
	entries.push(['limits.requestBody', String(formatSize(limits.requestBody))]);
	return entries.map(([key, value]) => ({ key, value, from: 'default' }));
}
