import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateFiles, type MaterialSink } from '../../src/identity/certificate-files.ts';
import type { Material, MaterialTexts } from '../../src/identity/material.ts';
import { systemClock } from '../../src/io/system.ts';
import { SystemTimer, TimerWheel } from '../../src/io/timer-wheel.ts';
import { testPki, WEB } from '../support/pki.ts';
import { waitFor } from '../support/wait-for.ts';

class Sink implements MaterialSink {
	readonly taken: Material[] = [];
	readonly faults: string[] = [];
	readonly loose: string[] = [];
	wells = 0;

	onMaterial(material: Material): void {
		this.taken.push(material);
	}

	onFault(reason: string): void {
		this.faults.push(reason);
	}

	onWell(): void {
		this.wells++;
	}

	onWithdrawn(reason: string): void {
		throw new Error(reason);
	}

	onLooseKey(_file: string, mode: string): void {
		this.loose.push(mode);
	}
}

const FILES = { certificate: 'web.pem', key: 'web.key', trustBundle: 'ca.pem' } as const;
const pki = testPki();
let folder = '';
let sink: Sink;
let files: CertificateFiles;
const timers = new TimerWheel(systemClock, 10, new SystemTimer());

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-files-'));
	sink = new Sink();
	files = new CertificateFiles({ files: FILES, folder, timers, sink });
});
afterEach(() => {
	files.stop();
	rmSync(folder, { recursive: true, force: true });
});

const at = (part: keyof MaterialTexts): string => join(folder, FILES[part]);
const pair = (id = WEB): MaterialTexts => ({ ...pki.leaf(id), trustBundle: pki.trustBundle });

function write(
	texts: { readonly [part in keyof MaterialTexts]?: string | undefined },
	into = folder,
	mode = 0o600,
): void {
	for (const part of ['certificate', 'key', 'trustBundle'] as const) {
		const text = texts[part];
		if (text !== undefined) writeFileSync(join(into, FILES[part]), text, { mode });
	}
}

/** The pair that is in force. */
const inForce = (): string => sink.taken.at(-1)?.texts.certificate ?? '';

describe('certificates from files', () => {
	it('are there when the first look is over', async () => {
		const texts = pair();
		write(texts);
		expect(await files.start()).toBe('');
		expect(inForce()).toBe(texts.certificate);
		expect(sink.taken[0]?.id).toBe(WEB);
	});

	it.each([
		['written over', (texts: MaterialTexts) => write(texts)],
		[
			'renamed over',
			(texts: MaterialTexts) => {
				for (const part of ['key', 'certificate'] as const) {
					writeFileSync(`${at(part)}.new`, texts[part]);
					renameSync(`${at(part)}.new`, at(part));
				}
			},
		],
		[
			'removed, and written anew',
			(texts: MaterialTexts) => {
				for (const part of ['key', 'certificate'] as const) unlinkSync(at(part));
				write(texts);
			},
		],
	])('are taken over when they are %s', async (_how, change) => {
		write(pair());
		await files.start();
		const next = pair();
		change(next);
		await waitFor('the renewal', () => inForce() === next.certificate);
		expect(sink.faults).toEqual([]);
	});

	it('are taken over when a volume of Kubernetes is swapped, many times', async () => {
		const swap = (n: number, texts: MaterialTexts): void => {
			const data = join(folder, `..${n}`);
			mkdirSync(data);
			write(texts, data);
			symlinkSync(`..${n}`, join(folder, '..new'));
			renameSync(join(folder, '..new'), join(folder, '..data'));
		};
		swap(0, pair());
		for (const name of Object.values(FILES)) symlinkSync(join('..data', name), join(folder, name));
		await files.start();
		for (let n = 1; n <= 5; n++) {
			const next = pair();
			swap(n, next);
			rmSync(join(folder, `..${n - 1}`), { recursive: true });
			await waitFor(`renewal ${n}`, () => inForce() === next.certificate);
		}
		expect(sink.taken).toHaveLength(6);
		expect(sink.faults).toEqual([]);
	});

	it('are kept as long as only half of the next pair is there', async () => {
		const first = pair();
		write(first);
		await files.start();
		const next = pair();
		write({ certificate: next.certificate });
		await waitFor('the fault to be told', () => sink.faults.length === 1);
		expect(sink.faults).toEqual([`${at('key')} does not belong to the certificate`]);
		expect(inForce()).toBe(first.certificate);
		write({ key: next.key });
		await waitFor('the renewal', () => inForce() === next.certificate);
		expect(sink.wells).toBe(1);
	});

	it('never are a mixture, however the writing of them is drawn out', async () => {
		write(pair());
		await files.start();
		for (let n = 0; n < 4; n++) {
			const next = pair();
			for (const part of ['certificate', 'key'] as const) {
				const text = next[part];
				for (let end = 0; end < text.length; end += 200) {
					await writeFile(at(part), text.slice(0, end));
				}
				writeFileSync(at(part), text);
			}
			await waitFor('the renewal', () => inForce() === next.certificate);
			expect(sink.taken.at(-1)?.texts.key).toBe(next.key);
		}
		expect(sink.taken).toHaveLength(5);
		expect(sink.faults).toEqual([]);
	});

	it('are another version with another bundle alone', async () => {
		const texts = pair();
		write(texts);
		await files.start();
		write({ trustBundle: pki.root.pem });
		await waitFor('the bundle', () => sink.taken.length === 2);
		expect(inForce()).toBe(texts.certificate);
		expect(sink.taken[1]?.authorities).toHaveLength(1);
	});

	it('are not taken over again when they are touched', async () => {
		const texts = pair();
		write(texts);
		await files.start();
		write(texts);
		chmodSync(at('key'), 0o644);
		await waitFor('a look', () => sink.loose.length === 1);
		expect(sink.taken).toHaveLength(1);
	});
});

describe('what is wrong with files', () => {
	it.each<[string, () => void, RegExp]>([
		['there is none', () => undefined, /web\.pem: there is no such file$/],
		['no key', () => write({ ...pair(), key: '' }), /web\.key is empty$/],
		['no authority', () => write({ ...pair(), trustBundle: '' }), /ca\.pem holds no certificate$/],
		[
			'more than 1 MiB',
			() => write({ ...pair(), trustBundle: 'x'.repeat(2 ** 20 + 1) }),
			/ca\.pem has more than 1048576 bytes$/,
		],
		[
			'a folder',
			() => {
				write({ ...pair(), key: undefined });
				mkdirSync(at('key'));
			},
			/web\.key: this is a folder, not a file$/,
		],
	])('is said at the start, and they are taken when they are right: %s', async (_name, prepare, reason) => {
		prepare();
		expect(await files.start()).toMatch(reason);
		expect(sink.taken).toEqual([]);
		rmSync(at('key'), { recursive: true, force: true });
		write(pair());
		await waitFor('the certificate', () => sink.taken.length === 1);
	});

	it('is told once, and again when it is something else', async () => {
		write(pair());
		await files.start();
		writeFileSync(at('key'), 'x');
		await waitFor('a fault', () => sink.faults.length === 1);
		unlinkSync(at('key'));
		await waitFor('another fault', () => sink.faults.length === 2);
		expect(sink.faults).toEqual([expect.stringContaining('PEM, not encrypted'), `${at('key')}: there is no such file`]);
		expect(sink.taken).toHaveLength(1);
	});

	it('never shows what is in a key', async () => {
		const { key } = pair();
		const lines = key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
		write({ ...pair(), key: key.slice(0, 170) });
		const reason = await files.start();
		for (const line of lines) expect(reason).not.toContain(line.slice(0, 20));
	});

	it.each([
		[0o600, []],
		[0o640, []],
		[0o400, []],
		[0o440, []],
		[0o644, ['0644']],
		[0o660, ['0660']],
		[0o604, ['0604']],
		[0o700, ['0700']],
	])('are loose permissions of the key: %o', async (mode, expected) => {
		write(pair());
		chmodSync(at('key'), mode);
		await files.start();
		expect(sink.loose).toEqual(expected);
	});

	it('are permissions that become loose, each time', async () => {
		write(pair());
		await files.start();
		const looks = async (mode: number, count: number): Promise<void> => {
			chmodSync(at('key'), mode);
			await waitFor(`${count} warnings`, () => sink.loose.length === count);
		};
		await looks(0o644, 1);
		await looks(0o666, 2);
		chmodSync(at('key'), 0o600);
		write(pair());
		await waitFor('a look', () => sink.taken.length === 2);
		await looks(0o644, 3);
		expect(sink.loose).toEqual(['0644', '0666', '0644']);
	});

	it.runIf(process.getuid?.() !== 0)('is a key that may not be read', async () => {
		write(pair());
		chmodSync(at('key'), 0);
		expect(await files.start()).toBe(`${at('key')}: the file may not be read`);
		chmodSync(at('key'), 0o600);
		await waitFor('the certificate', () => sink.taken.length === 1);
	});
});

describe('a source that has been stopped', () => {
	it('tells nothing any more, not even of a look under way', async () => {
		write(pair());
		const starting = files.start();
		files.stop();
		expect(await starting).toBe('');
		const other = new Sink();
		const watching = new CertificateFiles({ files: FILES, folder, timers, sink: other });
		await watching.start();
		const next = pair();
		write(next);
		await waitFor('another to see the renewal', () => other.taken.at(-1)?.texts.certificate === next.certificate);
		watching.stop();
		expect(sink).toMatchObject({ taken: [], faults: [], loose: [] });
	});
});
