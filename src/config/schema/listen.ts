import * as z from 'zod';
import type { ListenAddress } from '../listen-address.ts';
import { fieldFacts, integer, MAX_PORT } from './field.ts';

/** `8000`, `127.0.0.1:8000`, `[::1]:8000`. */
const HOST_AND_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):([0-9]{1,5})$/;
/** An IP literal or a name; names are resolved when the port is bound. */
const HOST = /^([0-9a-fA-F:.]+|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)?$/;
const EXPECTED = 'a port, `"host:port"` or `{ port: 8000 }`';

function expandShortForm(input: unknown): unknown {
	if (typeof input === 'number') return { port: input };
	if (typeof input !== 'string') return input;
	if (/^[0-9]+$/.test(input)) return { port: Number(input) };
	const [, v6, name, port] = HOST_AND_PORT.exec(input) ?? [];
	return port === undefined ? input : { host: v6 ?? name, port: Number(port) };
}

/** The short form again, which is the one that people write. */
export function formatListen({ host, port }: ListenAddress): string | number {
	if (host === '') return port;
	return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const intercepted = z
	.preprocess((input) => (input === 'false' ? false : input), z.literal(false))
	.register(fieldFacts, {
		noun: 'a yes or no',
		expected: '`false`',
		type: 'boolean',
		isLaterValue: (value) => value === true || value === 'true',
	});

export function listenAddress() {
	return z
		.preprocess(
			expandShortForm,
			z
				.strictObject({
					host: z
						.string()
						.regex(HOST)
						.register(fieldFacts, { noun: 'a host', expected: 'an IP address or a name', type: 'text' })
						.prefault('')
						.describe('Address or name to bind. Default: every address, IPv4 and IPv6.'),
					port: integer(0, MAX_PORT).describe('Port to bind; 0 lets the system choose.'),
					intercepted: intercepted.prefault(false).describe('Reserved: this version takes `false` only.'),
				})
				.register(fieldFacts, { noun: 'an address to listen on', expected: EXPECTED })
				.transform(({ host, port }): ListenAddress => ({ host, port })),
		)
		.register(fieldFacts, {
			noun: 'an address to listen on',
			expected: EXPECTED,
			type: 'port or "host:port"',
			otherForms: [
				{ type: 'integer', minimum: 0, maximum: MAX_PORT },
				{ type: 'string', pattern: ':[0-9]{1,5}$' },
			],
			render: formatListen,
		});
}
