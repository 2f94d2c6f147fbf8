import { describe, expect, it } from 'vitest';
import { appEnvironment, callersEnvironment } from '../../src/cli/app-environment.ts';

const OUTBOUND = { address: '127.0.0.1', port: 15001 };
const OURS = { HTTP_PROXY: 'http://127.0.0.1:15001', NO_PROXY: 'localhost,127.0.0.1,::1', NODE_USE_ENV_PROXY: '1' };

describe('the environment of the app', () => {
	it('is as it was without an outbound port', () => {
		const env = { A: '1' };
		expect(appEnvironment(env, null)).toBe(env);
	});

	it('says where the outbound port is', () => {
		expect(appEnvironment({ A: '1' }, OUTBOUND)).toEqual({ A: '1', ...OURS });
	});

	it.each([
		['::', 'http://127.0.0.1:15001'],
		['0.0.0.0', 'http://127.0.0.1:15001'],
		['::1', 'http://[::1]:15001'],
		['10.0.0.7', 'http://10.0.0.7:15001'],
	])('names an address that the app reaches when it is bound to %s', (address, proxy) => {
		expect(appEnvironment({}, { address, port: 15001 })['HTTP_PROXY']).toBe(proxy);
	});

	it.each([{ HTTP_PROXY: 'http://proxy:3128' }, { http_proxy: 'http://proxy:3128' }, { HTTP_PROXY: '' }])(
		'stays as it was where somebody has chosen a proxy, or none: %o',
		(env) => {
			expect(appEnvironment(env, OUTBOUND)).toBe(env);
		},
	);

	it('keeps what else was chosen', () => {
		expect(appEnvironment({ NO_PROXY: 'db' }, OUTBOUND)).toEqual({ ...OURS, NO_PROXY: 'db' });
		expect(appEnvironment({ no_proxy: 'db' }, OUTBOUND)).not.toHaveProperty('NO_PROXY');
		expect(appEnvironment({ NODE_USE_ENV_PROXY: '0' }, OUTBOUND)).toMatchObject({ NODE_USE_ENV_PROXY: '0' });
	});
});

describe('what the launcher has set for the sidecar', () => {
	it('is kept from the app', () => {
		const env = { A: '1', MALLOC_ARENA_MAX: '1', OUTRIGGER_ADDED_ENV: 'MALLOC_ARENA_MAX' };
		expect(callersEnvironment(env)).toEqual({ A: '1' });
	});

	it('is not taken for what the caller has set', () => {
		const env = { MALLOC_ARENA_MAX: '2' };
		expect(callersEnvironment(env)).toBe(env);
	});
});
