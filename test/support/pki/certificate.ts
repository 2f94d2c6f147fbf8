/** Certificates of any kind, right or wrong, signed in this process: RFC 5280 §4.1 field by field, and nothing is checked. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, explicit, implicit, integer, NULL, octets, oid, sequence, set, TRUE, time, tlv, utf8 } from './der.ts';

/** Who may sign others, and what a peer may present. */
export interface Certified {
	readonly der: Buffer;
	readonly pem: string;
	readonly key: KeyObject;
	readonly keyPem: string;
	/** DER of its subject. */
	readonly subject: Buffer;
}

export interface CertificateSpec {
	/** Absent: it signs itself. */
	readonly issuer?: Certified;
	/** Of the subject; `''`: the subject is empty. */
	readonly commonName?: string;
	readonly key?: KeyObject;
	/** Milliseconds from now. */
	readonly from?: number;
	readonly until?: number;
	readonly extensions?: readonly Buffer[];
	readonly digest?: 'sha256' | 'sha1' | 'md5';
	/** 1: without extensions. */
	readonly version?: 1 | 3;
}

const SIGNATURES: Readonly<Record<string, Buffer>> = {
	'ec-sha256': sequence(oid('1.2.840.10045.4.3.2')),
	'ec-sha1': sequence(oid('1.2.840.10045.4.1')),
	'rsa-sha256': sequence(oid('1.2.840.113549.1.1.11'), NULL),
	'rsa-sha1': sequence(oid('1.2.840.113549.1.1.5'), NULL),
	'rsa-md5': sequence(oid('1.2.840.113549.1.1.4'), NULL),
	'ed25519-sha256': sequence(oid('1.3.101.112')),
};
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

export function ecKey(namedCurve = 'P-256'): KeyObject {
	return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

export function certificate(spec: CertificateSpec): Certified {
	const { issuer, commonName = 'test', key = ecKey(), extensions = [], digest = 'sha256' } = spec;
	const { from = -MINUTE_MS, until = DAY_MS, version = 3 } = spec;
	const signer = issuer?.key ?? key;
	const algorithm = SIGNATURES[`${signer.asymmetricKeyType}-${digest}`];
	if (algorithm === undefined) throw new Error(`no ${digest} with a key of ${signer.asymmetricKeyType}`);
	const subject = commonName === '' ? sequence() : sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))));
	const now = Date.now();
	const signed = sequence(
		...(version === 3 ? [explicit(0, integer(2))] : []),
		integer(Buffer.concat([Buffer.from([0x5a]), randomBytes(15)])),
		algorithm,
		issuer?.subject ?? subject,
		sequence(time(new Date(now + from)), time(new Date(now + until))),
		subject,
		createPublicKey(key).export({ type: 'spki', format: 'der' }),
		...(version === 3 && extensions.length > 0 ? [explicit(3, sequence(...extensions))] : []),
	);
	const signature = sign(signer.asymmetricKeyType === 'ed25519' ? null : digest, signed, signer);
	return certified(sequence(signed, algorithm, bits(signature)), key, subject);
}

export function certified(der: Buffer, key: KeyObject, subject: Buffer): Certified {
	return { der, pem: pemOf(der), key, keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(), subject };
}

export function pemOf(der: Buffer): string {
	const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
	return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

export function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
	return sequence(oid(id), ...(isCritical ? [TRUE] : []), octets(value));
}

export const basicConstraints = (isCa: boolean, pathLength?: number): Buffer =>
	extension(
		'2.5.29.19',
		true,
		sequence(...(isCa ? [TRUE] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])),
	);

/** Bits as RFC 5280 §4.2.1.3 numbers them. */
export const USAGE = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

export function keyUsage(...usages: readonly (keyof typeof USAGE)[]): Buffer {
	const byte = usages.reduce((sum, usage) => sum | (0x80 >> USAGE[usage]), 0);
	const unused = byte === 0 ? 0 : Math.clz32(byte & -byte) ^ 31;
	return extension('2.5.29.15', true, bits(Buffer.from([byte]), unused));
}

const PURPOSE = {
	serverAuth: '1.3.6.1.5.5.7.3.1',
	clientAuth: '1.3.6.1.5.5.7.3.2',
	codeSigning: '1.3.6.1.5.5.7.3.3',
	any: '2.5.29.37.0',
} as const;

export function extendedKeyUsage(...purposes: readonly (keyof typeof PURPOSE)[]): Buffer {
	return extension('2.5.29.37', false, sequence(...purposes.map((purpose) => oid(PURPOSE[purpose]))));
}

/** Names as bytes, so that one may hold a NUL. */
export const uri = (text: string): Buffer => implicit(6, Buffer.from(text, 'utf8'));
export const dns = (text: string): Buffer => implicit(2, Buffer.from(text, 'latin1'));
export const email = (text: string): Buffer => implicit(1, Buffer.from(text, 'latin1'));
export const ip = (...bytes: readonly number[]): Buffer => implicit(7, Buffer.from(bytes));
/** A user principal name, as Active Directory writes it. */
export const principalName = (text: string): Buffer =>
	explicit(0, oid('1.3.6.1.4.1.311.20.2.3'), explicit(0, utf8(text)));

export function names(...all: readonly Buffer[]): Buffer {
	return extension('2.5.29.17', false, sequence(...all));
}

/** What a URI's host must be, or must not be. */
export function nameConstraints({
	permitted = [],
	excluded = [],
}: Readonly<Record<string, readonly string[]>>): Buffer {
	const subtrees = (hosts: readonly string[]) => hosts.map((host) => sequence(tlv(0x86, Buffer.from(host, 'latin1'))));
	return extension(
		'2.5.29.30',
		true,
		sequence(
			...(permitted.length > 0 ? [explicit(0, ...subtrees(permitted))] : []),
			...(excluded.length > 0 ? [explicit(1, ...subtrees(excluded))] : []),
		),
	);
}
