/** How things may be called. */

/** Goes into metric labels, log lines and identities: nothing that needs quoting anywhere. */
export const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
export const EXPECTED_NAME = 'letters, digits, `.`, `_` and `-`, at most 253';

/** No blanks, quotes or backslashes: a rule's name is a metric label and a word in log lines. */
export const RULE_NAME = /^[!#-[\]-~]{1,253}$/;

const HOST = '[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\\.?';
/** A name as the Gateway API takes it, in any case. */
export const PRECISE_HOSTNAME = new RegExp(`^${HOST}$`);
/** The same; a wildcard stands for one or more whole labels at the front. */
export const HOSTNAME = new RegExp(`^(\\*\\.)?${HOST}$`);

/** A token (RFC 9110 §5.6.2). */
export const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/;

/** The form in which hostnames are compared. */
export function canonicalHostname(hostname: string): string {
	return hostname.toLowerCase().replace(/\.$/, '');
}
