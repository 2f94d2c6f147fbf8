/** A DNS server on loopback whose answers a test sets: UDP and, for what is truncated, TCP on the same port. */
import dgram from 'node:dgram';
import net from 'node:net';
import dnsPacket, { type Answer, type Packet, type Question } from 'dns-packet';

export interface SrvRecord {
	readonly target: string;
	readonly port: number;
	readonly priority?: number;
	readonly weight?: number;
}

/** How a question for a name and type is answered. */
export type Reply =
	| { readonly answers: readonly Answer[]; readonly delayMs?: number; readonly isTruncated?: boolean }
	| { readonly rcode: number; readonly delayMs?: number }
	| 'drop';

export const SERVFAIL: Reply = { rcode: 2 };
export const NXDOMAIN: Reply = { rcode: 3 };
/** The name is there, a record of the type is not. */
export const NO_DATA: Reply = { answers: [] };

export function addressesOf(name: string, addresses: readonly string[], ttl: number): Reply {
	return {
		answers: addresses.map((data) => ({ type: data.includes(':') ? 'AAAA' : 'A', name, ttl, data })),
	};
}

export function servicesOf(name: string, records: readonly SrvRecord[], ttl: number): Reply {
	return { answers: records.map((data) => ({ type: 'SRV', name, ttl, data })) };
}

export class DnsServer {
	/** `type name` of every question, in lower case, as they came. */
	readonly asked: string[] = [];
	/** Questions that came over TCP. */
	tcpQuestions = 0;
	/** Questions that have not been answered yet, and the most there were at once. */
	pending = 0;
	mostPending = 0;
	/** For names that nothing is set for. */
	otherwise: Reply = NXDOMAIN;
	private readonly replies = new Map<string, Reply>();
	private readonly udp = dgram.createSocket('udp4');
	private readonly tcp = net.createServer((socket) => this.serveTcp(socket));
	private readonly sockets = new Set<net.Socket>();
	private readonly timers = new Set<NodeJS.Timeout>();

	static async start(): Promise<DnsServer> {
		const server = new DnsServer();
		await new Promise<void>((resolve) => server.tcp.listen(0, '127.0.0.1', resolve));
		await new Promise<void>((resolve) => server.udp.bind(server.port, '127.0.0.1', resolve));
		server.udp.on('message', (message, peer) => server.serveUdp(message, peer));
		return server;
	}

	get port(): number {
		return (this.tcp.address() as net.AddressInfo).port;
	}

	/** `127.0.0.1:port`, as a line of resolv.conf may have it. */
	get address(): string {
		return `127.0.0.1:${this.port}`;
	}

	/** `type`: A, AAAA or SRV. */
	set(type: string, name: string, reply: Reply): void {
		this.replies.set(keyOf(type, name), reply);
	}

	/** A and AAAA of a name; the family that is not among them has no data. */
	setAddresses(name: string, addresses: readonly string[], ttl: number): void {
		const isV6 = (address: string) => address.includes(':');
		this.set(
			'A',
			name,
			addressesOf(
				name,
				addresses.filter((each) => !isV6(each)),
				ttl,
			),
		);
		this.set('AAAA', name, addressesOf(name, addresses.filter(isV6), ttl));
	}

	/** Both families. */
	setBoth(name: string, reply: Reply): void {
		this.set('A', name, reply);
		this.set('AAAA', name, reply);
	}

	async stop(): Promise<void> {
		for (const timer of this.timers) clearTimeout(timer);
		for (const socket of this.sockets) socket.destroy();
		await new Promise<void>((resolve) => this.udp.close(() => resolve()));
		await new Promise<void>((resolve) => {
			this.tcp.close(() => resolve());
		});
	}

	private serveUdp(message: Buffer, peer: dgram.RemoteInfo): void {
		const query = dnsPacket.decode(message);
		this.answer(query, false, (response) => this.udp.send(dnsPacket.encode(response), peer.port, peer.address));
	}

	private serveTcp(socket: net.Socket): void {
		this.sockets.add(socket);
		socket.on('close', () => this.sockets.delete(socket));
		socket.on('error', () => undefined);
		let received = Buffer.alloc(0);
		socket.on('data', (bytes: Buffer) => {
			received = Buffer.concat([received, bytes]);
			while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
				const length = received.readUInt16BE(0);
				const query = dnsPacket.decode(received.subarray(2, 2 + length));
				received = received.subarray(2 + length);
				this.tcpQuestions++;
				this.answer(query, true, (response) => socket.write(dnsPacket.streamEncode(response)));
			}
		});
	}

	private answer(query: Packet, isTcp: boolean, send: (response: Packet) => void): void {
		const question = query.questions?.[0];
		if (question === undefined) return;
		const key = keyOf(question.type, question.name);
		this.asked.push(key);
		const reply = this.replies.get(key) ?? this.otherwise;
		if (reply === 'drop') return;
		this.mostPending = Math.max(this.mostPending, ++this.pending);
		const respond = () => {
			this.pending--;
			send(responseTo(query, question, reply, isTcp));
		};
		if (reply.delayMs === undefined) return respond();
		const timer = setTimeout(() => {
			this.timers.delete(timer);
			respond();
		}, reply.delayMs);
		this.timers.add(timer);
	}
}

function responseTo(query: Packet, question: Question, reply: Exclude<Reply, 'drop'>, isTcp: boolean): Packet {
	const base: Packet = { type: 'response', questions: [question], ...(query.id === undefined ? {} : { id: query.id }) };
	const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE;
	if ('rcode' in reply) return { ...base, flags: flags | reply.rcode };
	if (reply.isTruncated === true && !isTcp) return { ...base, flags: flags | dnsPacket.TRUNCATED_RESPONSE };
	return { ...base, flags, answers: [...reply.answers] };
}

function keyOf(type: string, name: string): string {
	return `${type} ${name.replace(/\.$/, '')}`.toLowerCase();
}
