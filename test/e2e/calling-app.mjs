/** An ordinary Express app that calls another service by its name, as `fetch` does it. `node calling-app.mjs PORT`. */
import express from 'express';

const app = express();
app.get('/', async (_request, response) => {
	const answer = await fetch('http://payments/json/7');
	response.status(answer.status).json({ got: await answer.json() });
});
app.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('express listens\n'));
