/** An endpoint is well when its port accepts: connect and close, no byte is sent. */
import type net from 'node:net';
import type { ProxyError } from '../error.ts';
import type { DialedReader, Dialer, DialOutcome } from './dial.ts';
import type { Probe, ProbeListener } from './probe.ts';

const UNREAD: DialedReader = { onBytes: ignore };

export class TcpProbe implements Probe {
	private readonly dialer: Dialer;
	private question: TcpQuestion | null = null;

	constructor(dialer: Dialer) {
		this.dialer = dialer;
	}

	ask(listener: ProbeListener): void {
		this.question = new TcpQuestion(listener);
		this.dialer.dial(this.question);
	}

	cancel(): string {
		if (this.question !== null) this.question.listener = null;
		this.question = null;
		return 'no connection';
	}

	close(): void {
		this.cancel();
	}
}

/** A dial cannot be taken back: its outcome may come after another question has begun. */
class TcpQuestion implements DialOutcome {
	listener: ProbeListener | null;

	constructor(listener: ProbeListener) {
		this.listener = listener;
	}

	onDialed(socket: net.Socket): DialedReader {
		socket.on('error', ignore);
		socket.destroy();
		this.settle(null);
		return UNREAD;
	}

	onDialFailed(error: ProxyError): void {
		this.settle(error.detail);
	}

	private settle(failure: string | null): void {
		const { listener } = this;
		this.listener = null;
		listener?.onProbed(failure);
	}
}

function ignore(): void {
	// The connection has told what it was opened for.
}
