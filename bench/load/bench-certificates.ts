/** One authority and a workload certificate for each end, for the cases with TLS: P-256, as `outrigger certs` makes them. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initAuthority } from '../../src/cli/certs/init.ts';
import { issueCertificate } from '../../src/cli/certs/issue.ts';

export interface Identity {
	readonly id: string;
	readonly certificate: string;
	readonly key: string;
	/** PEM of the certificate and then of the key, as HAProxy wants them. */
	readonly both: string;
}

export interface Certificates {
	readonly trustBundle: string;
	/** Who calls, and who is called. */
	readonly web: Identity;
	readonly orders: Identity;
}

/** A DNS name of the called one, for peers that know no SPIFFE ids. */
export const ORDERS_DNS = 'orders.test';
const TRUST_DOMAIN = 'mesh.local';
/** Workers that gave up root read them. */
const READABLE_BY_ALL = 0o755;

export async function makeCertificates(folder: string): Promise<Certificates> {
	const dir = join(folder, 'certificates');
	mkdirSync(dir, { recursive: true });
	chmodSync(dir, READABLE_BY_ALL);
	await initAuthority({ dir, trustDomain: TRUST_DOMAIN }, new Date());
	const trustBundle = join(dir, 'ca.pem');
	return { trustBundle, web: await issue(dir, 'web', []), orders: await issue(dir, 'orders', [ORDERS_DNS]) };
}

async function issue(dir: string, name: string, dns: readonly string[]): Promise<Identity> {
	const id = `spiffe://${TRUST_DOMAIN}/ns/shop/sa/${name}`;
	const { files } = await issueCertificate({ dir, id, dns }, new Date());
	const { certificate, key } = files;
	const both = join(dir, `${name}.both.pem`);
	writeFileSync(both, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 });
	return { id, certificate, key, both };
}
