/** Somebody between two ends of a connection: hands bytes on, until it sends its own, or ends what nobody has ended. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { portOf } from '../support/port-of.ts';

export class Between {
	/** Towards who has dialed us. */
	near: Socket | null = null;
	/** Towards whom we have dialed. */
	far: Socket | null = null;
	private readonly server: Server;

	/** `port`: of the far end. */
	constructor(port: number) {
		this.server = createServer({ allowHalfOpen: true }, (near) => {
			const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
			for (const socket of [near, far]) socket.setNoDelay(true).on('error', () => undefined);
			near.pipe(far);
			far.pipe(near);
			this.near = near;
			this.far = far;
		});
	}

	async listen(): Promise<number> {
		await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		return portOf(this.server);
	}

	/** To the end that has dialed us, or to the other: bytes that its peer has never sent. */
	inject(to: 'near' | 'far', bytes: string | Buffer): void {
		this[to]?.write(bytes);
	}

	/** FIN alone: nothing of TLS comes before it. */
	cut(to: 'near' | 'far'): void {
		const socket = this[to];
		(to === 'near' ? this.far : this.near)?.unpipe(socket ?? undefined);
		socket?.end();
	}

	reset(to: 'near' | 'far'): void {
		this[to]?.resetAndDestroy();
	}

	stop(): void {
		this.near?.destroy();
		this.far?.destroy();
		this.server.close();
	}
}
