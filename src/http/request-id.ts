/** `x-request-id`: kept when it is sane, so that one id follows a request through every hop; else the caller makes one. */

/** Longer ones are somebody's attempt to fill our logs; a UUID has 36. */
const MAX_LENGTH = 128;
const FIRST_VISIBLE = 0x21;
const LAST_VISIBLE = 0x7e;

/** The id as received, or `''` when it must be replaced (missing, over 128 characters, not visible ASCII). */
export function acceptRequestId(value: string | undefined): string {
	if (value === undefined || value.length > MAX_LENGTH) return '';
	for (let i = 0; i < value.length; i++) {
		const c = value.charCodeAt(i);
		if (c < FIRST_VISIBLE || c > LAST_VISIBLE) return '';
	}
	return value;
}
