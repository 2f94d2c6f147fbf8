/**
 * Prints what to try once the example behind the sidecar is ready. Gives up when the sidecar (its process id is the
 * argument) is gone, or after a while.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const GIVE_UP_MS = 60_000;

const sidecar = Number(process.argv[2]);
const inbound = `http://localhost:${process.env.SHOP_INBOUND_PORT}`;
const admin = `http://127.0.0.1:${process.env.SHOP_ADMIN_PORT}`;

function isRunning(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
}

async function isReady(): Promise<boolean> {
	try {
		const response = await fetch(`${admin}/ready`);
		return response.ok;
	} catch {
		return false;
	}
}

async function waitUntilReady(): Promise<boolean> {
	for (let waited = 0; waited < GIVE_UP_MS && isRunning(sidecar); waited += POLL_MS) {
		if (await isReady()) return true;
		await sleep(POLL_MS);
	}
	return false;
}

if (await waitUntilReady()) {
	console.log(`
The example shop runs behind Outrigger. In another terminal, try:

  curl -i ${inbound}/orders                 a response of the app, with x-request-id added
  curl -i ${inbound}/flaky                  the app resets every other call; the sidecar retries
  curl -i '${inbound}/slow?ms=3000'         the app is too late: 504 request_timeout after 1 s
  curl -i '${inbound}/fail?status=500'      the app's own error is passed on
  curl -d hello ${inbound}/echo             a body, back and forth
  curl -N ${inbound}/events                 a stream, passed on as it comes
  curl -s ${admin}/metrics | grep http_server_request_duration_seconds_count

Admin and metrics: ${admin}/      Stop: Ctrl-C
`);
}
