/** A key that stands in a route file by mistake is in no word that a command says of it. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/cli/check-command.ts';
import { runConfig } from '../../src/cli/config-command.ts';
import { runDiff } from '../../src/cli/diff-command.ts';
import { runExplain } from '../../src/cli/explain-command.ts';
import { runTestCommand } from '../../src/cli/test-command.ts';
import { RunningSidecar } from '../proxy/running.ts';
import { KeySearch } from '../support/key-search.ts';
import { misplacedKeys } from '../support/misplaced-keys.ts';
import { testPki, WEB } from '../support/pki.ts';
import { type MemoryIo, memoryIo } from './memory-io.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const oldKey = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
const protection = { cipher: 'aes-256-cbc', passphrase: 'the passphrase of it' };
const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', ...protection }).toString();
const search = new KeySearch({ key });
search.addEncrypted('encrypted', encrypted);

const BASE = 'app: { port: 8080 }\ninbound: { listen: 127.0.0.1:0 }\nadmin: { listen: 127.0.0.1:0 }\n';
const FILES = misplacedKeys(BASE, { key, oldKey, encrypted, certificate: testPki().leaf(WEB).certificate });
const NAME = 'routes.yaml';

let running: RunningSidecar;
beforeAll(async () => {
	running = await RunningSidecar.start(BASE, { waitForReady: false });
});
afterAll(() => running.stop());

const COMMANDS: Readonly<Record<string, (io: MemoryIo, json: boolean) => Promise<number>>> = {
	check: (io, json) => runCheck({ files: [NAME], json }, io),
	'check for GitHub': (io) => runCheck({ files: [NAME], github: true }, io),
	config: (io, json) => runConfig({ file: NAME, json }, io),
	explain: (io, json) => runExplain({ file: NAME, request: 'GET /a', header: [], json }, io),
	test: (io, json) => runTestCommand({ files: [NAME], json }, io),
	diff: (io, json) => runDiff({ file: NAME, admin: running.admin, json }, io),
};

describe.each(Object.keys(FILES))('with %s', (what) => {
	it.each(Object.keys(COMMANDS))('%s says nothing of it', async (name) => {
		for (const json of [false, true]) {
			const io = memoryIo({ [NAME]: FILES[what] ?? '' }, { MISPLACED_KEY: key });
			await COMMANDS[name]?.(io, json);
			expect(search.leak(io.said.stdout + io.said.stderr)).toBe('');
		}
	});
});
