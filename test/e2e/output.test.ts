/** What a command prints comes out whole, however long it is; and a reader that has seen enough may go. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Front } from './front.ts';
import { OUTRIGGER, ROOT, runToEnd } from './program.ts';

/** Many times what a pipe holds, whatever the system. */
const RULES = 1500;

let folder = '';
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'outrigger-output-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, value: object): string {
	writeFileSync(join(folder, name), JSON.stringify(value));
	return join(folder, name);
}

const routes = Array.from({ length: RULES }, (_, i) => ({ name: `r${i}`, matches: [{ path: `/r${i}` }] }));
const sh = (script: string) => runToEnd('sh', ['-c', script], { env: { OUTRIGGER } });

describe('output', () => {
	it('is whole in a pipe', async () => {
		const schema = await sh('"$OUTRIGGER" schema | cat');
		expect(schema.stdout).toBe(readFileSync(join(ROOT, 'schema/outrigger.schema.json'), 'latin1'));
	});

	it('is whole when it is long', async () => {
		const file = write('many.yaml', { app: { port: 8080 }, inbound: { listen: 8000, routes } });
		const { stdout } = await runToEnd(OUTRIGGER, ['config', file, '--json']);
		expect((JSON.parse(stdout) as { inbound: { routes: object[] } }).inbound.routes).toHaveLength(RULES);
	});

	it('lists every mistake, were there thousands', async () => {
		const bad = write('bad.yaml', {
			app: { port: 8080 },
			inbound: { listen: 8000, routes: routes.map(() => ({ nam: 1 })) },
		});
		const { code, stderr } = await runToEnd(OUTRIGGER, ['run', bad]);
		expect(code).toBe(64);
		expect(stderr.match(/unknown key `nam`/g)).toHaveLength(RULES);
		expect(stderr).toContain(`${RULES} issues`);
	});

	it('may be read in part: the command ends without a word', async () => {
		const file = write('many.yaml', { app: { port: 8080 }, inbound: { listen: 8000, routes } });
		const { code, stdout, stderr } = await sh(`"$OUTRIGGER" config ${file} | head -n 1`);
		expect([code, stdout, stderr]).toEqual([0, 'app:\n', '']);
	});

	it('that cannot be written is said, and no success', async () => {
		const { code, stderr } = await sh('"$OUTRIGGER" schema > /dev/full');
		expect(code).toBe(70);
		expect(stderr).toContain('cannot be written');
	});
});

describe('run', () => {
	it('takes a file of many rules', async () => {
		const front = await Front.start({ app: { port: 1 }, inbound: { routes } }, { until: 'bound' });
		try {
			expect(JSON.parse(await front.admin('/routes'))).toHaveLength(RULES + 1);
		} finally {
			await front.stop();
		}
	});

	it('is ended by a signal though nobody reads what it says', async () => {
		const file = write('small.yaml', {
			app: { port: 1 },
			inbound: { listen: '127.0.0.1:0' },
			admin: { listen: '127.0.0.1:0' },
			shutdown: { propagation: '0s', drain: '0s' },
		});
		const child = spawn(OUTRIGGER, ['run', file], { stdio: ['ignore', 'pipe', 'pipe'] });
		const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
		await new Promise((resolve) => child.stderr.once('data', resolve));
		child.stderr.pause();
		child.kill('SIGTERM');
		expect(await exited).toBe(0);
	});
});
