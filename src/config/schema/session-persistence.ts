/** The Gateway API's SessionPersistence (GEP-1619). */
import { block, duration, EVEN_WITH_ISSUES, fault, text, word } from './field.ts';
import { isFieldOfTheConnection } from './header-edits.ts';

/** A cookie's name and a field's are both tokens (RFC 6265 §4.1.1, RFC 9110 §5.1); the bound is the Gateway API's. */
const SESSION_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const MIN_LIFETIME_MS = 1000;

export const sessionPersistence = block(
	{
		type: word(['Cookie', 'Header']).prefault('Cookie').describe('What the client gives back.'),
		sessionName: text('a name', 'the name of a cookie or header, at most 128 characters', SESSION_NAME).describe(
			'Name of the cookie or header.',
		),
		absoluteTimeout: duration(MIN_LIFETIME_MS).optional().describe('Age at which a session ends. Default: never.'),
		cookieConfig: block({
			lifetimeType: word(['Session', 'Permanent'])
				.prefault('Session')
				.describe('`Session`: the cookie ends with the browser. `Permanent`: it lives for `absoluteTimeout`.'),
		})
			.optional()
			.describe('The cookie.'),
	},
	// Of the Gateway API before 1.6.
	['idleTimeout'],
).superRefine((session, context) => {
	const { type, sessionName, absoluteTimeout, cookieConfig } = session;
	if (type === 'Header' && cookieConfig !== undefined) {
		const details = { expected: '`type: Cookie`', path: ['cookieConfig'], isKey: true };
		context.addIssue(fault(session, 'does not belong to `type: Header`', details));
	}
	if (type === 'Header' && isForbidden(sessionName)) {
		const details = { expected: 'a field of its own, such as `x-session`', path: ['sessionName'] };
		context.addIssue(fault(session, 'is a field that has a meaning already', details));
	}
	if (cookieConfig?.lifetimeType === 'Permanent' && absoluteTimeout === undefined) {
		const details = { expected: '`absoluteTimeout` beside it', path: ['cookieConfig', 'lifetimeType'] };
		context.addIssue(fault(session, 'needs to know for how long', details));
	}
}, EVEN_WITH_ISSUES);

function isForbidden(name: unknown): boolean {
	return typeof name === 'string' && (isFieldOfTheConnection(name) || name.toLowerCase() === 'host');
}
