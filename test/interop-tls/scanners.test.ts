/**
 * Scanners of TLS against an inbound port: protocols, ciphers, forward secrecy and known vulnerabilities. All that testssl looks at
 * takes a minute of a busy machine, so only a part of it is asked for at a permissive port, unless TLS_SCAN=whole.
 *
 * A strict port ends the connection of whoever shows no certificate when the handshake is over, and testssl has none to show. What
 * it finds out by handshakes alone it finds out there as well; what it asks within a connection (renegotiation, BREACH,
 * Ticketbleed) says something only of a permissive port, which differs in nothing but who is let in.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program, runToEnd } from '../e2e/program.ts';
import { Mesh } from './mesh.ts';
import { find, PeerServer } from './programs.ts';

const sslscan = find('sslscan');
const testssl = find('testssl');
const MODES = ['strict', 'permissive'] as const;
const TESTSSL_MS = 180_000;

const CIPHERS = [
	'TLSv1.3 TLS_AES_128_GCM_SHA256',
	'TLSv1.3 TLS_AES_256_GCM_SHA384',
	'TLSv1.3 TLS_CHACHA20_POLY1305_SHA256',
	'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256',
	'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384',
	'TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305',
];

/** Attributes of all elements of a name: sslscan nests and quotes nothing that would need a parser. */
function elements(xml: string, name: string): Record<string, string>[] {
	return [...xml.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, 'g'))].map(([, text = '']) =>
		Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])),
	);
}

describe.skipIf(sslscan.missing !== '').each(MODES)(`sslscan of a %s port${sslscan.missing}`, (mode) => {
	let mesh: Mesh;
	let xml = '';
	beforeAll(async () => {
		mesh = await Mesh.make();
		await mesh.start({ tls: { mode } });
		const { certificate, key } = mesh.web;
		const shown = [`--certs=${certificate}`, `--pk=${key}`];
		const ran = await runToEnd(sslscan.command, ['--xml=-', ...shown, `127.0.0.1:${mesh.port}`]);
		xml = ran.stdout;
	});
	afterAll(() => mesh.stop());

	it('finds TLS 1.2 and 1.3, and no other protocol', () => {
		const found = elements(xml, 'protocol').map(({ type, version, enabled }) => `${type} ${version} ${enabled}`);
		expect(found).toEqual(['ssl 2 0', 'ssl 3 0', 'tls 1.0 0', 'tls 1.1 0', 'tls 1.2 1', 'tls 1.3 1']);
	});

	it('finds ciphers with forward secrecy and authenticated encryption alone, AES-128 first', () => {
		const found = elements(xml, 'cipher').map(({ sslversion, cipher }) => `${sslversion} ${cipher}`);
		expect(found).toEqual(CIPHERS);
		expect(elements(xml, 'cipher').map(({ strength }) => strength)).not.toContain('weak');
	});

	it('finds no renegotiation, and no Heartbleed', () => {
		expect(elements(xml, 'renegotiation')).toEqual([{ supported: '0', secure: '0' }]);
		const found = elements(xml, 'heartbleed').map(({ sslversion, vulnerable }) => `${sslversion} ${vulnerable}`);
		expect(found.sort()).toEqual(['TLSv1.2 0', 'TLSv1.3 0']);
	});
});

interface Finding {
	readonly id: string;
	readonly severity: string;
	readonly finding: string;
}

/** About the OpenSSL that testssl itself runs, and that it does not take a strict port for HTTP. */
const SET_ASIDE = new Set(['engine_problem', 'service']);
/** What it says of what it cannot ask where it would have to show a certificate; at a strict port alone. */
const NOT_TESTED = 'client x509-based authentication prevents this from being tested';
const HARMLESS = new Set(['OK', 'INFO', 'LOW']);
const isWhole = process.env.TLS_SCAN === 'whole';
const PROTOCOLS = ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1', 'TLS1_2', 'TLS1_3', 'ALPN'];
/** Sections of testssl, and findings without which a scan has done nothing. */
const PART = {
	modes: ['permissive'],
	sections: ['-p', '-H', '-I', '-R', '-C'],
	lookedAt: [...PROTOCOLS, 'heartbleed', 'CCS', 'secure_renego', 'secure_client_renego', 'CRIME_TLS'],
} as const;
const WHOLE = {
	modes: MODES,
	sections: ['-p', '-s', '-f', '-U'],
	lookedAt: [
		...PART.lookedAt,
		...['cipherlist_NULL', 'cipherlist_aNULL', 'cipherlist_EXPORT', 'cipherlist_STRONG'],
		...['ROBOT', 'POODLE_SSL', 'SWEET32', 'FREAK', 'DROWN', 'LOGJAM', 'BEAST', 'LUCKY13', 'RC4'],
	],
} as const;

describe.skipIf(testssl.missing !== '')(`testssl${testssl.missing}`, () => {
	const { modes, sections, lookedAt } = isWhole ? WHOLE : PART;
	const meshes: Mesh[] = [];
	let folder: PeerServer;
	const found: Record<string, Finding[]> = {};

	async function scan(mode: string): Promise<void> {
		const mesh = await Mesh.make();
		meshes.push(mesh);
		await mesh.start({ tls: { mode } });
		const file = `${folder.folder}/${mode}.json`;
		const quiet = ['--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '--ip', '127.0.0.1'];
		const args = [...quiet, ...sections, '--jsonfile', file, `https://localhost:${mesh.port}`];
		const scanner = new Program(testssl.command, args, { stdin: '' });
		await scanner.ended(TESTSSL_MS);
		found[mode] = JSON.parse(readFileSync(file, 'utf8')) as Finding[];
	}

	beforeAll(async () => {
		folder = new PeerServer();
		await Promise.all(modes.map(scan));
	}, TESTSSL_MS);
	afterAll(() => Promise.all([folder.stop(), ...meshes.map((mesh) => mesh.stop())]));

	it.each(modes)('finds nothing above LOW at a %s port', (mode) => {
		const findings = (found[mode] ?? []).filter(({ id }) => !SET_ASIDE.has(id));
		const bad = findings.filter(({ severity }) => !HARMLESS.has(severity));
		expect(bad.filter(({ finding }) => mode === 'permissive' || finding !== NOT_TESTED)).toEqual([]);
		expect(findings.map(({ id }) => id)).toEqual(expect.arrayContaining([...lookedAt]));
	});
});
