/** Binding a port, and what is said when that fails. */

/** A port that could not be bound: which key asked for it, and why not. */
export class BindError extends Error {
	readonly code: string;

	constructor(key: string, listen: { host: string; port: number }, cause: NodeJS.ErrnoException) {
		const where = listen.host === '' ? `port ${listen.port}` : `${listen.host}:${listen.port}`;
		super(`${key}: cannot listen on ${where}: ${BIND_REASONS[cause.code ?? ''] ?? cause.message}`, { cause });
		this.code = cause.code ?? '';
	}
}

const BIND_REASONS: Readonly<Record<string, string>> = {
	EADDRINUSE: 'another process has it (EADDRINUSE)',
	EACCES: 'no permission for this port (EACCES)',
	EADDRNOTAVAIL: 'no interface has this address (EADDRNOTAVAIL)',
};

/** Starts something that listens; a failure names the key that asked for it. */
export async function bind<T>(
	key: string,
	listen: { host: string; port: number },
	start: () => Promise<T>,
): Promise<T> {
	try {
		return await start();
	} catch (error) {
		throw new BindError(key, listen, error as NodeJS.ErrnoException);
	}
}
