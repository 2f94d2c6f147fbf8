/** What a source tells, in a form that is easy to compare. */
import type { EndpointConfig } from '../../src/config/service-config.ts';
import type { EndpointSink } from '../../src/ports/endpoint-source.ts';

export class RecordingSink implements EndpointSink {
	/** `host:port` with `*weight` where it is not 1, joined with spaces. */
	readonly updates: string[] = [];
	readonly failures: string[] = [];

	update(endpoints: readonly EndpointConfig[]): void {
		this.updates.push(
			endpoints.map(({ host, port, weight }) => `${host}:${port}${weight === 1 ? '' : `*${weight}`}`).join(' '),
		);
	}

	failed(reason: string): void {
		this.failures.push(reason);
	}

	get count(): number {
		return this.updates.length + this.failures.length;
	}
}
