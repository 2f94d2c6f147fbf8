import { describe, expect, it } from 'vitest';
import { systemCode, systemFault } from '../../../src/cli/certs/certs-error.ts';

const failed = (code: string) => Object.assign(new Error(`${code}: as the system says it`), { code, syscall: 'open' });

describe('a fault of the system', () => {
	it.each([
		['EACCES', 77, 'certs/web.key: permission is missing'],
		['EPERM', 77, 'certs/web.key: permission is missing'],
		['EROFS', 77, 'certs/web.key: it is on a file system that is read-only'],
		['ENOENT', 64, 'certs/web.key: there is no such file'],
		['ENOTDIR', 64, 'certs/web.key: there is no such folder'],
		['EISDIR', 64, 'certs/web.key: this is a folder, not a file'],
		['ENOSPC', 70, 'certs/web.key: there is no space left'],
		['EIO', 70, 'certs/web.key: EIO: as the system says it'],
	])('%s ends with %d', (code, exitCode, message) => {
		expect(systemFault('certs/web.key', failed(code))).toMatchObject({ exitCode, message });
	});

	it('is told from a mistake of ours, which is thrown as it is', () => {
		const ours = new TypeError('x');
		expect(() => systemFault('certs/web.key', ours)).toThrow(ours);
		expect(systemCode(Object.assign(new Error('x'), { code: 'ERR_OSSL' }))).toBe('');
		expect(systemCode('ENOENT')).toBe('');
	});
});
