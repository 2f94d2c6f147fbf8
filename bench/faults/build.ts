/** The sources bundled into a folder of their own: stripping types at run time costs memory and time that no user pays. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The command's entry as it stands in the checkout. */
export const SOURCE_MAIN = join(ROOT, 'src/main.ts');

export interface Build {
	readonly main: string;
	remove(): void;
}

/** Bundles what the checkout holds now, as the package ships it; throws when it does not compile. */
export function build(): Build {
	const folder = mkdtempSync(join(tmpdir(), 'outrigger-faults-'));
	const outDir = join(folder, 'dist');
	execFileSync(process.execPath, [join(ROOT, 'scripts/bundle.ts'), outDir], { stdio: 'inherit' });
	cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
	return { main: join(outDir, 'main.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
