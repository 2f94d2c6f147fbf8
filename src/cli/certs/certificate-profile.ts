/**
 * The certificates that `outrigger certs` makes, as SPIFFE's X509-SVID §3 to §5 and RFC 5280 §4.2 want them. Loads
 * @peculiar/x509: import it when a certificate is to be made, never on the way to the data plane.
 */
import './reflect-metadata.ts';
import { KeyObject, type X509Certificate } from 'node:crypto';
import {
	AuthorityKeyIdentifierExtension,
	BasicConstraintsExtension,
	ExtendedKeyUsage,
	ExtendedKeyUsageExtension,
	Extension,
	type JsonGeneralName,
	KeyUsageFlags,
	KeyUsagesExtension,
	X509Certificate as Parsed,
	SubjectAlternativeNameExtension,
	SubjectKeyIdentifierExtension,
	X509CertificateGenerator,
} from '@peculiar/x509';
import { newKeyPair, P256, type SigningAlgorithm } from './signing-key.ts';

export interface Validity {
	readonly notBefore: Date;
	readonly notAfter: Date;
}

/** PEM both, the key as PKCS #8. */
export interface CertifiedKey {
	readonly certificate: string;
	readonly key: string;
}

export interface Issuer {
	readonly certificate: X509Certificate;
	readonly key: KeyObject;
	readonly algorithm: SigningAlgorithm;
}

export interface LeafRequest extends Validity {
	readonly id: string;
	readonly dns: readonly string[];
}

/** No name of a host: a certificate without DNS names is not to be taken for one of a host called like its subject. */
const ORGANIZATION = 'O=Outrigger development';
const NAME_CONSTRAINTS = '2.5.29.30';
/** Digits of a CA's key that tell it from others of the same name. */
const KEY_ID_DIGITS = 8;

export async function makeAuthority(trustDomain: string, validity: Validity): Promise<CertifiedKey> {
	const keys = await newKeyPair();
	const keyId = await SubjectKeyIdentifierExtension.create(keys.publicKey);
	const certificate = await X509CertificateGenerator.createSelfSigned({
		name: `CN=Outrigger development CA ${keyId.keyId.slice(0, KEY_ID_DIGITS)}, ${ORGANIZATION}`,
		keys,
		signingAlgorithm: P256,
		...validity,
		extensions: [
			// It signs workloads, and no CA.
			new BasicConstraintsExtension(true, 0, true),
			new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
			keyId,
			new SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
			new Extension(NAME_CONSTRAINTS, true, onlyUrisOf(trustDomain)),
		],
	});
	return { certificate: pem(certificate), key: privateKeyPem(keys.privateKey) };
}

export async function makeLeaf(request: LeafRequest, issuer: Issuer): Promise<CertifiedKey> {
	const { id, dns, notBefore, notAfter } = request;
	const keys = await newKeyPair();
	const parent = new Parsed(issuer.certificate.raw);
	// As the CA says it is called, which need not be a digest of its key.
	const parentKeyId = parent.getExtension(SubjectKeyIdentifierExtension)?.keyId;
	const names: JsonGeneralName[] = [{ type: 'url', value: id }];
	for (const value of dns) names.push({ type: 'dns', value });
	const certificate = await X509CertificateGenerator.create({
		subject: ORGANIZATION,
		issuer: parent.subjectName,
		publicKey: keys.publicKey,
		signingKey: issuer.key.toCryptoKey(issuer.algorithm, false, ['sign']),
		signingAlgorithm: issuer.algorithm,
		notBefore,
		notAfter,
		extensions: [
			new BasicConstraintsExtension(false, undefined, true),
			new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
			new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
			await SubjectKeyIdentifierExtension.create(keys.publicKey),
			parentKeyId === undefined
				? await AuthorityKeyIdentifierExtension.create(parent.publicKey)
				: new AuthorityKeyIdentifierExtension(parentKeyId),
			new SubjectAlternativeNameExtension(names),
		],
	});
	return { certificate: pem(certificate), key: privateKeyPem(keys.privateKey) };
}

/** RFC 5280 §4.2.1.10: of URIs only those whose host is this one. Names of other kinds are left alone. */
function onlyUrisOf(host: string): Buffer {
	const uri = tlv(0x86, Buffer.from(host, 'latin1'));
	const permittedSubtrees = tlv(0xa0, tlv(0x30, uri));
	return tlv(0x30, permittedSubtrees);
}

/** DER: tag, length, value. A host is at most 255 bytes, so that two bytes hold every length here. */
function tlv(tag: number, value: Buffer): Buffer {
	const { length } = value;
	const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
	if (length >= 0x80 && length <= 0xff) head.splice(1, 3, 0x81, length);
	return Buffer.concat([Buffer.from(head), value]);
}

function pem(certificate: Parsed): string {
	return `${certificate.toString('pem').trimEnd()}\n`;
}

function privateKeyPem(key: Parameters<typeof KeyObject.from>[0]): string {
	return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
