/**
 * Standard output and standard error to the end of the process. Both are pipes as often as not, and a pipe takes only what
 * its reader has made room for: whoever exits at once cuts off the rest.
 */

/** A run that was told to end does not wait longer for whoever reads what it says: nobody may be reading. */
const RUN_PATIENCE_MS = 1000;

export class StandardOutput {
	private readonly streams: readonly NodeJS.WriteStream[];
	/** Why something could not be written; `''` when all could. */
	private fault = '';

	/** From the beginning: a fault that nobody listens for would end the process. */
	constructor(streams: readonly NodeJS.WriteStream[]) {
		this.streams = streams;
		for (const stream of streams) stream.on('error', (error: NodeJS.ErrnoException) => this.onError(error));
	}

	private onError({ code, message }: NodeJS.ErrnoException): void {
		// Who reads has seen enough: `outrigger config FILE | head`.
		if (code !== 'EPIPE') this.fault = message;
	}

	/** Resolves when all is written; to why it is not, or `''`. */
	async flushed(command: string): Promise<string> {
		// A fault of a write that has just failed is still on its way here.
		await new Promise((resolve) => setImmediate(resolve));
		const written = Promise.all(this.streams.map(flush));
		await (command === 'run' ? Promise.race([written, patience()]) : written);
		return this.fault;
	}
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
	return new Promise((resolve) => {
		if (stream.destroyed || stream.writableLength === 0) return resolve();
		stream.once('close', resolve);
		stream.once('drain', resolve);
		stream.write('', () => resolve());
	});
}

function patience(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, RUN_PATIENCE_MS));
}
