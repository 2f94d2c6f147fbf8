/** `outrigger certs issue`: a workload's certificate and key, signed by the CA of the folder. Again: renewed, with another key. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Authority, readAuthority } from './authority.ts';
import { spiffeIdsOf } from './certificate-facts.ts';
import { CertsError } from './certs-error.ts';
import { PairFiles } from './pair-files.ts';
import { type RequestedId, requestedDns, requestedId, requestedName, requestedTtl } from './requested.ts';
import { leafValidity } from './validity.ts';

export const DEFAULT_TTL = '24h';
/** Who renews the same files at the same moment may part a pair; the last one mends it. */
const WRITE_ATTEMPTS = 20;
const LONGEST_WAIT_MS = 50;

export interface IssueOptions {
	readonly dir: string;
	readonly id: string;
	readonly dns?: readonly string[];
	readonly ttl?: string;
	readonly name?: string;
}

export interface IssueResult {
	readonly certificate: X509Certificate;
	readonly id: string;
	readonly dns: readonly string[];
	readonly files: PairFiles;
	readonly authority: Authority;
	readonly isRenewed: boolean;
	readonly warnings: readonly string[];
}

export async function issueCertificate(options: IssueOptions, now: Date): Promise<IssueResult> {
	const requested = requestedId(options.id);
	const dns = requestedDns(options.dns ?? []);
	const ttlMs = requestedTtl(options.ttl ?? DEFAULT_TTL);
	const files = new PairFiles(options.dir, requestedName(options.name, requested));
	const authority = await authorityFor(requested, options.dir, now);
	const isRenewed = await isOurs(files, requested.id);
	const validity = leafValidity(now, ttlMs, authority.certificate.validToDate);
	const { makeLeaf } = await import('./certificate-profile.ts');
	const made = await makeLeaf({ id: requested.id, dns, ...validity }, authority);
	const certificate = new X509Certificate(made.certificate);
	await write(files, { certificate: made.certificate + authority.chain, key: made.key }, requested.id);
	const warnings = [...authority.warnings, ...warningsOf(authority, now.getTime() + ttlMs)];
	return { certificate, id: requested.id, dns, files, authority, isRenewed, warnings };
}

async function authorityFor({ trustDomain, id }: RequestedId, dir: string, now: Date): Promise<Authority> {
	const authority = await readAuthority(dir, now);
	if (authority === null) {
		throw new CertsError(
			`${dir}: there is no CA (ca.pem, ca.key): run \`outrigger certs init --dir ${dir} --trust-domain ${trustDomain}\``,
		);
	}
	if (authority.trustDomain !== '' && authority.trustDomain !== trustDomain) {
		throw new CertsError(
			`--id: ${id} is of the trust domain ${trustDomain}, and ${authority.files.certificate} is the CA of ${authority.trustDomain}`,
		);
	}
	return authority;
}

/** Whether the files are there and of this id; throws when they are anybody else's. */
async function isOurs(files: PairFiles, id: string): Promise<boolean> {
	const text = await files.readCertificate();
	if (text === null) {
		if ((await files.readKey()) === null) return false;
		throw new CertsError(`${files.key} is there without a certificate, and would be lost: remove it, or give --name`);
	}
	const owner = ownerOf(text);
	if (owner === id) return true;
	const whose = owner === '' ? 'of no SPIFFE id' : `of ${owner}`;
	throw new CertsError(
		`${files.certificate} is there already and ${whose}: give --name, such as --name ${suggestedName(id)}`,
	);
}

/** The id that a certificate is of; `''`: none. */
function ownerOf(text: string): string {
	try {
		return spiffeIdsOf(new X509Certificate(text))[0] ?? '';
	} catch {
		return '';
	}
}

/** `spiffe://mesh.local/ns/shop/sa/web` → `shop-web`. */
function suggestedName(id: string): string {
	const segments = id.split('/').slice(3);
	return segments.filter((segment, index) => !(index % 2 === 0 && ['ns', 'sa'].includes(segment))).join('-');
}

interface Texts {
	readonly certificate: string;
	readonly key: string;
}

/** Until what stands there matches. The certificate first: a key alone would be anybody's. */
async function write(files: PairFiles, texts: Texts, id: string): Promise<void> {
	for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt++) {
		const isRenewed = await isOurs(files, id);
		if (isRenewed || (await files.createCertificate(texts.certificate))) {
			await files.replace(texts.certificate, texts.key);
			if (await files.match()) return;
		}
		await sleep(Math.random() * LONGEST_WAIT_MS);
	}
	throw new CertsError(`${files.certificate} and ${files.key} do not match: something else keeps writing them`);
}

function warningsOf({ certificate, files, trustDomain }: Authority, asked: number): string[] {
	const warnings: string[] = [];
	const { validToDate } = certificate;
	if (validToDate.getTime() < asked) {
		warnings.push(`it ends with its CA ${files.certificate}, before the time asked for`);
	}
	if (trustDomain === '') warnings.push(`${files.certificate} names no trust domain (a URI name spiffe://…)`);
	return warnings;
}
