/** A WebSocket echo as people write it. `node ws-echo.mjs PORT`. A text `close CODE REASON` makes it close like that. */
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), perMessageDeflate: false });
server.on('connection', (socket, request) => {
	socket.on('error', () => undefined);
	socket.on('close', (code, reason) => process.stdout.write(`closed ${code} ${reason}\n`));
	socket.on('message', (data, isBinary) => {
		const [word, code, reason] = isBinary ? [] : data.toString().split(' ');
		if (word === 'close') socket.close(Number(code), reason);
		else if (word === 'vanish') request.socket.resetAndDestroy();
		else socket.send(data, { binary: isBinary });
	});
});
