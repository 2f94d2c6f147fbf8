/** The CA of a folder, `ca.pem` and `ca.key`: whether it can sign, and for whom. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { blocksOf, trustDomainOf } from './certificate-facts.ts';
import type { Issuer } from './certificate-profile.ts';
import { CertsError } from './certs-error.ts';
import { PairFiles } from './pair-files.ts';
import { signingAlgorithm } from './signing-key.ts';

export const AUTHORITY_NAME = 'ca';

export interface Authority extends Issuer {
	/** `''`: the CA says none. */
	readonly trustDomain: string;
	/** PEM of what stands between the leaf and a root; `''`: the CA is the root. */
	readonly chain: string;
	readonly files: PairFiles;
	/** What is no mistake and should be known. */
	readonly warnings: readonly string[];
}

/** `null`: there is neither file. */
export async function readAuthority(folder: string, now: Date): Promise<Authority | null> {
	const files = new PairFiles(folder, AUTHORITY_NAME);
	const [certificates, keyText] = [await files.readCertificate(), await files.readKey()];
	if (certificates === null && keyText === null) return null;
	if (certificates === null)
		throw new CertsError(`${files.key} is there, but not its certificate ${files.certificate}`);
	if (keyText === null) throw new CertsError(`${files.certificate} is there, but not its key ${files.key}`);
	const key = parseKey(keyText, files.key);
	const algorithm = signingAlgorithm(key);
	if (algorithm === null) {
		throw new CertsError(`${files.key}: the key is of a kind that is not signed with here; P-256 is the usual one`);
	}
	const all = parseCertificates(certificates, files.certificate);
	const certificate = all.find((candidate) => candidate.checkPrivateKey(key));
	if (certificate === undefined) {
		throw new CertsError(`${files.key} is not the key of ${files.certificate}: they come from two different CAs`);
	}
	checkAuthority(certificate, files.certificate, now);
	return {
		certificate,
		key,
		algorithm,
		trustDomain: trustDomainOf(certificate),
		chain: chainOf(certificate, all),
		files,
		warnings: await warningsOf(files),
	};
}

function parseKey(text: string, file: string): KeyObject {
	if (text.includes('ENCRYPTED')) {
		throw new CertsError(`${file}: the key is encrypted; expected one that can be read without a passphrase`);
	}
	try {
		return createPrivateKey(text);
	} catch {
		throw new CertsError(`${file}: this is no private key in PEM`);
	}
}

function parseCertificates(text: string, file: string): X509Certificate[] {
	const blocks = blocksOf(text);
	if (blocks.length === 0) throw new CertsError(`${file}: there is no certificate in PEM in it`);
	return blocks.map((block, index) => {
		try {
			return new X509Certificate(block);
		} catch {
			throw new CertsError(`${file}: certificate ${index + 1} of ${blocks.length} cannot be read`);
		}
	});
}

function checkAuthority(certificate: X509Certificate, file: string, now: Date): void {
	if (!certificate.ca) {
		throw new CertsError(`${file} is no CA (CA:FALSE, or no keyCertSign): what it signed would be trusted by nobody`);
	}
	const { validFromDate, validToDate } = certificate;
	if (validToDate < now) {
		throw new CertsError(
			`${file} has expired at ${validToDate.toISOString()}: remove it and its key, run \`outrigger certs init\`, and issue all certificates anew`,
		);
	}
	if (validFromDate > now) {
		throw new CertsError(`${file} is valid from ${validFromDate.toISOString()} on, and now is ${now.toISOString()}`);
	}
}

/** From the issuer up; a root is left out, since whoever trusts it has it (RFC 8446 §4.4.2). */
function chainOf(issuer: X509Certificate, all: readonly X509Certificate[]): string {
	let chain = '';
	const rest = new Set(all);
	for (let next: X509Certificate | undefined = issuer; next !== undefined && !next.checkIssued(next); ) {
		chain += next.toString();
		rest.delete(next);
		const below: X509Certificate = next;
		next = [...rest].find((candidate) => below.checkIssued(candidate));
	}
	return chain;
}

async function warningsOf(files: PairFiles): Promise<string[]> {
	if ((await files.exposure()) === 0) return [];
	return [`${files.key} can be read by other users: chmod 600 ${files.key}`];
}
