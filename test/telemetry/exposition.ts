/** Reads exposition text the way Prometheus does: strictly, so that a test fails where a scrape would. */
export interface Sample {
	readonly name: string;
	readonly labels: Readonly<Record<string, string>>;
	readonly value: number;
}

export interface Exposition {
	readonly types: ReadonlyMap<string, string>;
	readonly samples: readonly Sample[];
	/** Value of the one sample with this name and at least these labels; `undefined` when there is none. */
	value(name: string, labels?: Record<string, string>): number | undefined;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

export function parseExposition(text: string): Exposition {
	if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no line feed');
	const types = new Map<string, string>();
	const samples: Sample[] = [];
	const seen = new Set<string>();
	for (const line of text.split('\n')) {
		const type = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
		if (type !== null) {
			if (types.has(type[1] ?? '')) throw new Error(`second TYPE line for ${type[1]}`);
			types.set(type[1] ?? '', type[2] ?? '');
		} else if (line !== '' && !line.startsWith('# HELP ')) {
			const sample = parseSample(line);
			const key = line.slice(0, line.lastIndexOf(' '));
			if (seen.has(key)) throw new Error(`second sample of one series: ${key}`);
			seen.add(key);
			samples.push(sample);
		}
	}
	return { types, samples, value: (name, labels = {}) => find(samples, name, labels) };
}

function find(samples: readonly Sample[], name: string, labels: Record<string, string>): number | undefined {
	const fits = samples.filter(
		(sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
	);
	if (fits.length > 1) throw new Error(`${fits.length} samples fit ${name} ${JSON.stringify(labels)}`);
	return fits[0]?.value;
}

function parseSample(line: string): Sample {
	const [, name, labelText, value] = SAMPLE.exec(line) ?? [];
	if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
	const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
	if (Number.isNaN(number) && value !== 'NaN') throw new Error(`no number: ${line}`);
	return { name, labels: parseLabels(labelText ?? ''), value: number };
}

function parseLabels(text: string): Record<string, string> {
	const labels: Record<string, string> = {};
	LABEL.lastIndex = 0;
	while (LABEL.lastIndex < text.length) {
		const [, name, value] = LABEL.exec(text) ?? [];
		if (name === undefined || value === undefined) throw new Error(`bad labels: ${text}`);
		labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
	}
	return labels;
}

/** What a service's pools hold, as the metrics look at it: with a pause. */
export function* pools<T>(counts: T): Generator<undefined, T, undefined> {
	yield;
	return counts;
}
