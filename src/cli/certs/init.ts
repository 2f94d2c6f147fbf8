/** `outrigger certs init`: a development CA in a folder; one that is there stays. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AUTHORITY_NAME, type Authority, readAuthority } from './authority.ts';
import { CertsError, systemFault } from './certs-error.ts';
import { PairFiles } from './pair-files.ts';
import { requestedTrustDomain } from './requested.ts';
import { authorityValidity } from './validity.ts';

export const DEFAULT_TRUST_DOMAIN = 'mesh.local';
/** For whoever else is making the CA at this moment: between its two files lies a millisecond. */
const PATIENCE_MS = 2000;
const LOOK_EVERY_MS = 20;

export interface InitOptions {
	readonly dir: string;
	/** Absent: `mesh.local`, or whatever an existing CA is of. */
	readonly trustDomain?: string;
}

export interface InitResult {
	readonly authority: Authority;
	readonly isNew: boolean;
}

export async function initAuthority({ dir, trustDomain }: InitOptions, now: Date): Promise<InitResult> {
	const wanted = requestedTrustDomain(trustDomain ?? DEFAULT_TRUST_DOMAIN);
	try {
		await mkdir(dir, { recursive: true });
	} catch (error) {
		throw systemFault(dir, error);
	}
	const isNew = (await isEmpty(dir)) && (await create(dir, wanted, now));
	if (!isNew) await untilWhole(dir);
	const authority = await readAuthority(dir, now);
	if (authority === null) throw new CertsError(`${dir}: the CA that was there a moment ago is gone`);
	if (trustDomain !== undefined && authority.trustDomain !== wanted) {
		const whose = authority.trustDomain === '' ? 'of no trust domain' : `of ${authority.trustDomain}`;
		throw new CertsError(
			`${authority.files.certificate} is there already and ${whose}, not of ${wanted}: give another --dir`,
		);
	}
	return { authority, isNew };
}

async function isEmpty(dir: string): Promise<boolean> {
	const files = new PairFiles(dir, AUTHORITY_NAME);
	return (await files.readKey()) === null && (await files.readCertificate()) === null;
}

/** The key first: whoever sees the certificate can be sure of the key. False: somebody else was faster. */
async function create(dir: string, trustDomain: string, now: Date): Promise<boolean> {
	const { makeAuthority } = await import('./certificate-profile.ts');
	const files = new PairFiles(dir, AUTHORITY_NAME);
	const made = await makeAuthority(trustDomain, authorityValidity(now));
	if (!(await files.createKey(made.key))) return false;
	if (await files.createCertificate(made.certificate)) return true;
	throw new CertsError(`${files.certificate} came into being while its key was written: remove both and begin again`);
}

async function untilWhole(dir: string): Promise<void> {
	const files = new PairFiles(dir, AUTHORITY_NAME);
	for (let waited = 0; waited < PATIENCE_MS && (await files.readCertificate()) === null; waited += LOOK_EVERY_MS) {
		await sleep(LOOK_EVERY_MS);
	}
}
