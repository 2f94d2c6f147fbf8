/** What every measurement needs to know: where things are, how long to run, and how to say what is being done. */

import type { Certificates } from './bench-certificates.ts';
import type { CoreLayout } from './machine.ts';
import type { Origin } from './origin.ts';
import type { Pacer } from './pacer.ts';
import type { Plan } from './plan.ts';

export interface Bench {
	readonly folder: string;
	readonly layout: CoreLayout;
	readonly origin: Origin;
	readonly pacer: Pacer;
	readonly plan: Plan;
	readonly certificates: Certificates;
	/** Progress, on stderr. */
	say(text: string): void;
}
