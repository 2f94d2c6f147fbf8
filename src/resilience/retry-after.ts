/** `Retry-After` of a response (RFC 9110 §10.2.3). */

/** Longest wait that a response can ask of us: the client is waiting too, and a longer one is cut to this. */
export const RETRY_AFTER_CAP_MS = 5_000;

const DELAY_SECONDS = /^\d{1,10}$/;
/** The three forms of HTTP-date (RFC 9110 §5.6.7); all are in GMT. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Milliseconds to wait, at most `RETRY_AFTER_CAP_MS`; 0 when absent, malformed or past. `wallNow` is epoch milliseconds. */
export function retryAfterMs(value: string | undefined, wallNow: number): number {
	if (value === undefined) return 0;
	if (DELAY_SECONDS.test(value)) return Math.min(Number(value) * 1000, RETRY_AFTER_CAP_MS);
	const isGmt = IMF_FIXDATE.test(value) || RFC_850.test(value);
	if (!isGmt && !ASCTIME.test(value)) return 0;
	const at = Date.parse(isGmt ? value : `${value} GMT`);
	return Number.isNaN(at) ? 0 : Math.min(Math.max(at - wallNow, 0), RETRY_AFTER_CAP_MS);
}
