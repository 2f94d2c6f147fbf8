/** An ordinary Express app: what people write, with no thought of a sidecar. `node express-app.mjs PORT|SOCKET [HOST]`. */
import { gzipSync } from 'node:zlib';
import express from 'express';

const [where = '0', host = '127.0.0.1'] = process.argv.slice(2);
const app = express();
app.get('/hello', (_request, response) => response.cookie('a', '1').cookie('b', '2').send('hello'));
app.get('/json/:id', (request, response) => response.json({ id: request.params.id, query: request.query }));
app.post('/json', express.json(), (request, response) => response.status(201).json({ got: request.body }));
app.post('/echo', (request, response) => request.pipe(response));
app.put('/size', (request, response) => {
	let bytes = 0;
	request.on('data', (chunk) => (bytes += chunk.length));
	request.on('end', () => response.send(String(bytes)));
});
app.get('/stream', (_request, response) => {
	response.type('text/plain');
	for (const part of ['one ', 'two ', 'three']) response.write(part);
	response.end();
});
app.get('/trailers', (_request, response) => {
	response.set('trailer', 'x-sum').write('one');
	response.addTrailers({ 'x-sum': '3' });
	response.end();
});
app.get('/headers', (request, response) => response.json(request.rawHeaders));
app.get('/big', (_request, response) => response.type('bin').send(Buffer.alloc(3_000_000, 'abcdefgh')));
app.get('/file', (_request, response) => response.sendFile(import.meta.filename));
app.get('/gzip', (_request, response) =>
	response.set('content-encoding', 'gzip').send(gzipSync('compressed '.repeat(99))),
);
app.get('/nothing', (_request, response) => response.status(204).end());
app.get('/away', (_request, response) => response.redirect('/hello?x=1'));
app.get('/fail', (_request, response) => response.status(500).send('failed'));
app.get('/throw', () => {
	throw new Error('thrown by a handler');
});
app.get('/odd', (_request, response) => {
	response.statusMessage = 'Quite Fine';
	response.setHeader('X-MiXeD-CaSe', 'é'.normalize());
	response.setHeader('X-Twice', ['1', '2']);
	response.end('odd');
});
app.get('/hint', (_request, response) => {
	response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
	response.send('hinted');
});
let health = 503;
app.get('/healthz', (_request, response) => response.status(health).send('health'));
app.put('/healthz/:status', (request, response) => {
	health = Number(request.params.status);
	response.send('noted');
});
app.get(['/reset', '/reset/once'], (request) => request.socket.resetAndDestroy());
/** Answers once the one who waits is let go by `POST /release`. */
const waiting = [];
app.get('/wait', (_request, response) => {
	waiting.push(response);
	process.stdout.write('waiting\n');
});
app.post('/release', (_request, response) => {
	for (const other of waiting.splice(0)) other.send('waited');
	response.send('released');
});
const listen = /^\d+$/.test(where) ? [Number(where), host] : [where];
app.listen(...listen, () => process.stdout.write('express listens\n'));
