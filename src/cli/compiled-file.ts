/** What came of a route file or folder. */
import type { Config } from '../config/config.ts';
import type { EffectiveParts } from '../config/effective-parts.ts';
import type { Issue } from '../config/issue.ts';
import type { MaskedValue } from '../config/masked-values.ts';

export type CompiledFile = GoodFile | BadFile;

export interface BadFile {
	readonly ok: false;
	/** Of what was read, as `Config.hash` would have been. */
	readonly hash: string;
	readonly issues: readonly Issue[];
}

export interface GoodFile {
	readonly ok: true;
	readonly config: Config;
	readonly warnings: readonly Issue[];
	readonly notes: readonly Issue[];
	readonly effective: EffectiveParts;
	readonly masked: readonly MaskedValue[];
}
