/**
 * Tickets of a server's sessions: who resumes one by TLS 1.3 gets another.
 *
 * Clients use a ticket of TLS 1.3 once, so that nobody can tell by it that two connections are of one client (RFC 8446 appendix
 * C.4); Envoy, nginx and openssl do. Contexts of Node give tickets with whole handshakes only, because OpenSSL leaves it to
 * whoever has the keys whether to renew, and Node says no: every second connection of such a client was a whole handshake.
 * So the keys are kept here, and the answer is yes. It is no under TLS 1.2, where a ticket may be used again and OpenSSL, as a
 * client, gives up the session whose ticket is renewed. Which it will be is not said where the question is asked, but by the
 * client's first bytes, in which it is asked; where those come in pieces, there is no new ticket.
 *
 * The callback is an internal of Node, which its own `test-https-resume-after-renew.js` uses. Where it is missing, sessions go on
 * as Node has it. What a ticket is made of (AES-128-CBC, HMAC with SHA-256) is the same in either case.
 */
import { randomBytes } from 'node:crypto';
import type tls from 'node:tls';

/** Bytes of each key, of their name, and of what AES begins with. */
const PART_BYTES = 16;
/** How OpenSSL is answered (`SSL_CTX_set_tlsext_ticket_key_evp_cb`). */
const FINE = 1;
const NOT_OURS = 0;
const RENEW = 2;

type TicketAnswer = readonly [result: number, hmacKey: Buffer, aesKey: Buffer, name?: Buffer, iv?: Buffer];

interface ContextHandle {
	enableTicketKeyCallback?: () => void;
	onticketkeycallback?: (name: Buffer, iv: Buffer, isNew: boolean) => TicketAnswer;
}

/** The bytes that OpenSSL is given at this moment begin a handshake of TLS 1.3. */
let isModern = false;

/** With keys of its own, which live as long as the context and are known to nobody else. */
export function keepTickets(context: tls.SecureContext): void {
	const handle = context.context as ContextHandle;
	if (typeof handle.enableTicketKeyCallback !== 'function') return;
	const ownName = randomBytes(PART_BYTES);
	const hmacKey = randomBytes(PART_BYTES);
	const aesKey = randomBytes(PART_BYTES);
	handle.onticketkeycallback = (name, _iv, isNew) => {
		if (isNew) return [FINE, hmacKey, aesKey, ownName, randomBytes(PART_BYTES)];
		// Node wants keys with every answer.
		if (!name.equals(ownName)) return [NOT_OURS, hmacKey, aesKey];
		return [isModern ? RENEW : FINE, hmacKey, aesKey];
	};
	handle.enableTicketKeyCallback();
}

/** Gives OpenSSL the first bytes of a client: what it asks of a ticket that is in them, it asks before `give` returns. */
export function withFirstBytes(bytes: Buffer, give: (bytes: Buffer) => void): void {
	isModern = offersTls13(bytes);
	try {
		give(bytes);
	} finally {
		isModern = false;
	}
}

/** Type of the extension `supported_versions` (RFC 8446 §4.2.1), and the first byte of its length, which is never above 255. */
const SUPPORTED_VERSIONS = Buffer.of(0, 43, 0);
/** TLS 1.3 has no other sign than this version in that list. Something that only looks like one does no harm. */
export function offersTls13(hello: Buffer): boolean {
	for (let at = hello.indexOf(SUPPORTED_VERSIONS); at >= 0; at = hello.indexOf(SUPPORTED_VERSIONS, at + 1)) {
		const extensionLength = hello[at + 3] ?? 0;
		const listLength = hello[at + 4] ?? 0;
		if (listLength !== extensionLength - 1 || listLength % 2 !== 0) continue;
		for (let i = at + 5; i < at + 5 + listLength; i += 2) {
			if (hello[i] === 3 && hello[i + 1] === 4) return true;
		}
	}
	return false;
}
