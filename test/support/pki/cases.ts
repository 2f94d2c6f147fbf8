/** The whole catalogue: what a peer may present as its certificate, and what must come of it. */
import { generateKeyPairSync } from 'node:crypto';
import { authority, testPki } from '../pki.ts';
import type { CertificateCase } from './case.ts';
import { chainCases } from './chain-cases.ts';
import { encodingCases } from './encoding-cases.ts';
import { nameCases } from './name-cases.ts';
import { profileCases } from './profile-cases.ts';
import { unusualCases } from './unusual-cases.ts';

export interface Catalogue {
	readonly cases: readonly CertificateCase[];
	/** PEM of all in whom the verifier of these cases believes. */
	readonly trustBundle: string;
}

let made: Catalogue | null = null;

/** Made once in a process, when it is asked for; the right ones are valid for a minute at least. */
export function certificateCases(): Catalogue {
	made ??= catalogue();
	return made;
}

function catalogue(): Catalogue {
	const pki = testPki();
	const rsaRoot = authority('root with RSA', [], {
		key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
	});
	const cases = [
		...unusualCases(pki),
		...profileCases(pki, rsaRoot),
		...nameCases(pki),
		...chainCases(pki),
		...encodingCases(pki),
	];
	return { cases, trustBundle: pki.trustBundle + rsaRoot.pem };
}
