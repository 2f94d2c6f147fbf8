/** A server with 10,000 endpoints, in a thread of its own: what it does is not counted as the client's. */
import { parentPort } from 'node:worker_threads';
import { endpointSlice } from '../../support/endpoint-slice.ts';
import { KubernetesApi } from '../../support/kubernetes-api.ts';

const SLICES = 100;
const ENDPOINTS = 100;

/** `round` moves every tenth endpoint. */
function big(index: number, round: number) {
	const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => ({
		address: `10.${i % 10 === 0 ? 100 + round : 1}.${index}.${i}`,
		zone: `eu-central-1${'abc'[i % 3]}`,
		pod: `payments-6d4cf56db6-${index}x${i}`,
		node: `ip-10-0-${i}-${index}.eu-central-1.compute.internal`,
	}));
	return endpointSlice({ name: `payments-${index}`, service: 'payments', endpoints });
}

const api = new KubernetesApi();
for (let index = 0; index < SLICES; index++) api.put(big(index, 0));
await api.start();
parentPort?.postMessage(api.port);
let round = 0;
parentPort?.on('message', (order: 'roll out' | 'stop') => {
	if (order === 'stop') return void api.stop().then(() => process.exit());
	round++;
	for (let index = 0; index < SLICES; index++) api.put(big(index, round));
});
