/** What a scenario found: figures, each beside the limit that it is held to. */

export interface Figure {
	readonly name: string;
	readonly value: number;
	readonly unit: string;
	/** `undefined`: reported, not judged. */
	readonly limit?: { readonly atMost: number } | { readonly atLeast: number };
	/** What else is worth knowing: samples, counts. */
	readonly note?: string;
}

export function isMet(figure: Figure): boolean {
	const { limit, value } = figure;
	if (limit === undefined) return true;
	return 'atMost' in limit ? value <= limit.atMost : value >= limit.atLeast;
}

export function atMost(name: string, value: number, unit: string, most: number, note?: string): Figure {
	return { name, value, unit, limit: { atMost: most }, ...(note === undefined ? {} : { note }) };
}

export function atLeast(name: string, value: number, unit: string, least: number, note?: string): Figure {
	return { name, value, unit, limit: { atLeast: least }, ...(note === undefined ? {} : { note }) };
}

export function reported(name: string, value: number, unit: string, note?: string): Figure {
	return { name, value, unit, ...(note === undefined ? {} : { note }) };
}

export interface ScenarioOptions {
	/** Entry of the sidecar to test; the sources when `undefined`. */
	readonly main: string | undefined;
	readonly isQuick: boolean;
	/** How long `mesh` goes on; `undefined`: as long as it usually does. */
	readonly minutes: number | undefined;
	/** Requests a second of `mesh`; `undefined`: as many as it usually sends. */
	readonly rate: number | undefined;
	/** Progress, for who waits. */
	say(line: string): void;
}

export type Scenario = (options: ScenarioOptions) => Promise<Figure[]>;
