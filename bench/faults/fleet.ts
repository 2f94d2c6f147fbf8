/** Thousands of endpoints without thousands of servers: all of 127.0.0.0/8 is this machine, and one app listens on all of it. */

/** An entry of `endpoints`. */
export interface FleetEndpoint {
	readonly address: string;
	readonly zone: string;
	readonly labels: Readonly<Record<string, string>>;
}

const ZONES = 'abc';

/** The same for the same version; from one version to the next every tenth address is another one. */
export function fleet(count: number, port: number, version: number): FleetEndpoint[] {
	return Array.from({ length: count }, (_, i) => {
		const moves = Math.floor((version + 9 - (i % 10)) / 10);
		const address = `127.${1 + moves}.${i >> 8}.${i & 255}:${port}`;
		return {
			address,
			zone: `zone-${ZONES.charAt(i % 3)}`,
			labels: { version: `v${i % 2}`, pod: `payments-6d4cf56db6-${i}` },
		};
	});
}

/** Services of three endpoints each; from one version to the next every tenth has another policy. */
export function manyServices(count: number, port: number, version: number): Record<string, unknown> {
	return Object.fromEntries(
		Array.from({ length: count }, (_, i) => {
			const isMoved = i % 10 === version % 10;
			const endpoints = fleet(3, port, version).map(({ zone, labels }, k) => ({
				address: `127.${2 + k}.${i >> 8}.${i & 255}:${port}`,
				zone,
				labels,
			}));
			const policy = isMoved ? { limits: { requests: 1000 + version } } : {};
			return [`service-${i}`, { hostnames: [i === 0 ? 'app.test' : `service-${i}.shop.svc`], endpoints, ...policy }];
		}),
	);
}
