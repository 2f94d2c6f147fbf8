/**
 * Passes the app's own exposition on behind ours, line by line.
 *
 * One bad line makes Prometheus refuse a whole scrape, so what is not plain exposition text is left out; so are families
 * whose name is one of ours, for the same reason. Pure; fed in pieces so that a big text never holds the event loop.
 */
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\]|\\\\.)*"';
const NUMBER = '(?:[-+]?(?:[0-9][0-9.eE+-]*|\\.[0-9][0-9eE+-]*|[iI]nf)|NaN)';
const SAMPLE = new RegExp(
	`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(?:${LABEL}(?:, *${LABEL})*,?)? *\\})?[ \\t]+${NUMBER}(?:[ \\t]+-?[0-9]+)?$`,
);
const META = /^# (?:HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*)(?: |$)/;
/** OpenMetrics lets an exemplar follow the value; the older format that we speak does not know them. */
const EXEMPLAR = /^(.*\}? [^ {}]+) # \{.*$/;

export class AppExposition {
	/** Our families that the app has as well. */
	readonly clashes = new Set<string>();
	/** Lines that are no exposition text. */
	malformed = 0;
	private readonly ours: ReadonlyMap<string, string>;

	/** `ours`: every sample name of ours with the family that it belongs to. */
	constructor(ours: ReadonlyMap<string, string>) {
		this.ours = ours;
	}

	/** Whole lines in, what may be shown of them out. */
	pass(text: string): string {
		let out = '';
		for (const raw of text.split('\n')) {
			const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
			if (line !== '') out += this.line(line);
		}
		return out;
	}

	private line(line: string): string {
		if (line.startsWith('#')) {
			const name = META.exec(line)?.[1];
			return name === undefined || this.isOurs(name) ? '' : `${line}\n`;
		}
		const sample = line.includes(' # {') ? line.replace(EXEMPLAR, '$1') : line;
		const name = SAMPLE.exec(sample)?.[1];
		if (name === undefined) {
			this.malformed++;
			return '';
		}
		return this.isOurs(name) ? '' : `${sample}\n`;
	}

	private isOurs(name: string): boolean {
		const family = this.ours.get(name);
		if (family === undefined) return false;
		this.clashes.add(family);
		return true;
	}
}
