/** A route file as it is taken over. */
import type { Config } from '../config/config.ts';
import type { EffectiveParts } from '../config/effective-parts.ts';
import type { Issue } from '../config/issue.ts';
import type { MaskedValue } from '../config/masked-values.ts';
import type { CompileRegex } from '../routing/regex.ts';

/** A route file that is right, and what it takes to obey it. */
export interface Taken {
	readonly config: Config;
	/** Every value in force with its origin; what `/config` shows beside the file's hash. */
	readonly effectiveConfig: EffectiveParts;
	/** Values that came from the environment: not to be told. */
	readonly masked: readonly MaskedValue[];
	readonly compileRegex: CompileRegex;
}

/** The last update of the file, when it was not taken over. */
export interface Rejected {
	readonly hash: string;
	/** RFC 3339. */
	readonly at: string;
	readonly issues: readonly Issue[];
	/** How many issues there are beyond those. */
	readonly more: number;
}
