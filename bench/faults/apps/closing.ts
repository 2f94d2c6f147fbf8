/**
 * An app that ends idle connections at bad moments: after a random idle age, by FIN or by RST, or exactly when the next
 * request arrives, which it then does not answer. A connection's first request is always answered.
 */
import { createServer, type Socket } from 'node:net';
import { listen, settings } from './listening.ts';

const { ageMs, atRequest, hintSeconds } = settings({
	/** Longest idle age; half of the connections go within a tenth of it. */
	ageMs: 20,
	/** Share of the later requests that arrive on a connection being closed. */
	atRequest: 0.02,
	/** Advertised as `Keep-Alive: timeout=`; the connections then live exactly that long. 0: nothing is said. */
	hintSeconds: 0,
});

const HINT = hintSeconds > 0 ? `keep-alive: timeout=${hintSeconds}\r\n` : '';
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${HINT}\r\nok`;

function idleAge(): number {
	if (hintSeconds > 0) return hintSeconds * 1000;
	return Math.random() < 0.5 ? (Math.random() * ageMs) / 10 : Math.random() * ageMs;
}

function hangUp(socket: Socket): void {
	if (Math.random() < 0.5) socket.resetAndDestroy();
	else {
		socket.end();
		socket.destroySoon();
	}
}

const server = createServer({ noDelay: true }, (socket) => {
	let text = '';
	let answered = 0;
	let timer: NodeJS.Timeout | undefined;
	socket.on('error', () => {});
	socket.on('close', () => clearTimeout(timer));
	socket.on('data', (chunk) => {
		clearTimeout(timer);
		text += chunk.toString('latin1');
		for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
			text = text.slice(end + 4);
			if (answered > 0 && Math.random() < atRequest) return hangUp(socket);
			answered++;
			socket.write(ANSWER, 'latin1');
		}
		timer = setTimeout(() => hangUp(socket), idleAge());
	});
});
listen(server);
