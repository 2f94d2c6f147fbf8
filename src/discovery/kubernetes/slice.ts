/**
 * What is kept of an EndpointSlice (discovery.k8s.io/v1): a tenth of what the API sends. Fields may be absent or `null`
 * where the API says so; what has another shape than the API's is no slice.
 */
import net from 'node:net';

/** The controller writes it on every slice of a Service. */
export const SERVICE_LABEL = 'kubernetes.io/service-name';

export interface SlicePort {
	/** `''`: not named. */
	readonly name: string;
	/** 0: any, the slice leaves it open. */
	readonly port: number;
}

export interface SliceEndpoint {
	readonly address: string;
	/** False: it is shutting down, but still answers. Endpoints that do neither are not kept. */
	readonly isReady: boolean;
	/** `''`: not said. */
	readonly zone: string;
	/** Where it comes from, as far as it is said: `pod` and `node`. */
	readonly labels: Readonly<Record<string, string>>;
}

export interface Slice {
	readonly name: string;
	/** `''`: of no service. */
	readonly service: string;
	readonly addressType: 'IPv4' | 'IPv6' | 'other';
	/** Those of TCP. */
	readonly ports: readonly SlicePort[];
	readonly endpoints: readonly SliceEndpoint[];
}

export interface ObjectMeta {
	readonly name: string;
	readonly resourceVersion: string;
	/** Of a list that has more: what to ask for it with. `''`: that was all. */
	readonly continueToken: string;
	readonly service: string;
}

type Fields = Readonly<Record<string, unknown>>;

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});
const NO_FIELDS: Fields = Object.freeze({});

export function fieldsOf(value: unknown): Fields {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NO_FIELDS;
}

export function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

function listOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

export function metaOf(object: unknown): ObjectMeta {
	const metadata = fieldsOf(fieldsOf(object)['metadata']);
	return {
		name: textOf(metadata['name']),
		resourceVersion: textOf(metadata['resourceVersion']),
		continueToken: textOf(metadata['continue']),
		service: textOf(fieldsOf(metadata['labels'])[SERVICE_LABEL]),
	};
}

/** `null`: this is no EndpointSlice. */
export function readSlice(object: unknown): Slice | null {
	const { name, service } = metaOf(object);
	const fields = fieldsOf(object);
	const type = textOf(fields['addressType']);
	if (name === '' || type === '') return null;
	const addressType = type === 'IPv4' || type === 'IPv6' ? type : 'other';
	const family = addressType === 'IPv6' ? 6 : 4;
	const endpoints: SliceEndpoint[] = [];
	for (const value of listOf(fields['endpoints'])) {
		const endpoint = addressType === 'other' ? null : readEndpoint(fieldsOf(value), family);
		if (endpoint !== null) endpoints.push(endpoint);
	}
	return { name, service, addressType, ports: readPorts(fields['ports']), endpoints };
}

function readPorts(value: unknown): SlicePort[] {
	const ports: SlicePort[] = [];
	for (const entry of listOf(value)) {
		const { name, port, protocol } = fieldsOf(entry);
		if ((protocol ?? 'TCP') !== 'TCP') continue;
		ports.push({ name: textOf(name), port: typeof port === 'number' ? port : 0 });
	}
	return ports;
}

/** `null`: nothing must be sent there. */
function readEndpoint(fields: Fields, family: number): SliceEndpoint | null {
	const { ready, serving, terminating } = fieldsOf(fields['conditions']);
	// Unknown counts as ready, and `serving` of old clusters is `ready` (API reference, EndpointConditions).
	const isReady = ready !== false;
	if (!isReady && !(serving === true && terminating === true)) return null;
	// All addresses of an endpoint are the same pod's, and the first stands for them (KEP-752).
	const address = textOf(listOf(fields['addresses'])[0]);
	if (net.isIP(address) !== family) return null;
	return { address, isReady, zone: textOf(fields['zone']), labels: labelsOf(fields) };
}

function labelsOf(fields: Fields): Readonly<Record<string, string>> {
	const target = fieldsOf(fields['targetRef']);
	const pod = textOf(target['kind']) === 'Pod' ? textOf(target['name']) : '';
	const node = textOf(fields['nodeName']);
	if (pod === '' && node === '') return NO_LABELS;
	return { ...(pod === '' ? null : { pod }), ...(node === '' ? null : { node }) };
}
