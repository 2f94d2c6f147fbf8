/**
 * The bricks of the route file's schemas. Each scalar has one brick that knows its type, its bounds, how it is written
 * and what to say when it is wrong; the blocks next door put them together.
 *
 * Input is what YAML gave; text is taken wherever a number or a boolean is wanted, because the value of an environment
 * variable is always text. Values are checked in full and never coerced otherwise.
 */
import * as z from 'zod';
import { DURATION_PATTERN, formatDuration, parseDuration } from '../duration.ts';
import { PERCENTAGE_PATTERN, parsePercentage } from '../percentage.ts';
import { formatSize, parseSize, SIZE_PATTERN } from '../size.ts';

// The schemas run once or twice in a process: generating code for them costs more than it saves. Nobody reads the library's
// own messages, which ask a value for the name of its constructor: a key that a file may have.
z.config({ jitless: true, localeError: () => '' });

export type JsonSchema = Record<string, unknown>;

/** What a schema cannot say about a field by itself. */
export interface FieldFacts {
	/** Completes "… is not" in a message: `a duration`. */
	readonly noun?: string;
	/** Completes "expected": what to write. */
	readonly expected?: string;
	/** Type as the reference calls it, when it differs from the noun. */
	readonly type?: string;
	/** What the file may hold instead of the canonical form: short forms, `off`. */
	readonly otherForms?: readonly JsonSchema[];
	/** JSON Schema of the input, where the brick's own is not what people write. */
	readonly input?: JsonSchema;
	/** Keys that later versions know. */
	readonly laterKeys?: readonly string[];
	/** Of keys that a mapping does not have for a reason: the reason. */
	readonly reasonsAgainst?: Readonly<Record<string, string>>;
	/** A key without a value is a mistake, not the default: whoever protects something would be left without a word. */
	readonly needsValue?: boolean;
	/** Keys of which one and only one is there. */
	readonly exactlyOneOf?: readonly string[];
	/** Values that later versions know. */
	readonly isLaterValue?: (value: unknown) => boolean;
	/** The value as one would write it in the file. Only called with the brick's own output. */
	readonly render?: (value: never) => string | number | Readonly<Record<string, string>>;
	/** The default where it depends on the keys beside it, or on the app; in the form of the brick's own output. */
	readonly implied?: (siblings: Readonly<Record<string, unknown>>, app: { readonly namespace: string }) => unknown;
	/** Few of the keys are ever there together: those that are not say nothing. */
	readonly showsOnlySet?: boolean;
	/** Stands in several places; the JSON Schema writes it once, under this name. */
	readonly definition?: string;
	/** Names that a mapping of names takes. */
	readonly keyPattern?: string;
}

export const fieldFacts = z.registry<FieldFacts>();

export type FieldFault = {
	code: 'custom';
	input: unknown;
	message: string;
	params: { expected: string; isKey: boolean };
	path: PropertyKey[];
};

export interface FaultDetails {
	readonly expected?: string;
	readonly path?: PropertyKey[];
	/** The key is wrong, not its value: it is the key that is shown. */
	readonly isKey?: boolean;
}

/** A fault that a brick's own code found; the message completes "`path` …". */
export function fault(input: unknown, message: string, more: FaultDetails = {}): FieldFault {
	const { expected = '', path = [], isKey = false } = more;
	return { code: 'custom', input, message, params: { expected, isKey }, path };
}

/** For a check of a whole block: run although some of its keys are wrong. Those then hold what the file said. */
export const EVEN_WITH_ISSUES = {
	when: ({ value }: z.core.ParsePayload) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
/** The same for a check of a whole list. */
export const LIST_EVEN_WITH_ISSUES = { when: ({ value }: z.core.ParsePayload) => Array.isArray(value) };

/** Whether a block has a key that it does not know: what then seems to be missing may be that key. */
export function hasUnknownKey({ issues }: z.RefinementCtx): boolean {
	return issues.some(({ code, path = [] }) => code === 'unrecognized_keys' && path.length === 0);
}

const DIGITS = /^[0-9]{1,15}$/;

function textToInteger(input: unknown): unknown {
	return typeof input === 'string' && DIGITS.test(input) ? Number(input) : input;
}

export function integer(min: number, max: number) {
	return z.preprocess(textToInteger, z.int().min(min).max(max)).register(fieldFacts, {
		noun: 'a whole number',
		expected: `a whole number from ${min} to ${max}`,
		type: 'integer',
	});
}

/** Inclusive bounds of a port that is connected to. */
export const MIN_PORT = 1;
export const MAX_PORT = 65_535;

export function port() {
	return z
		.preprocess(textToInteger, z.int().min(MIN_PORT).max(MAX_PORT))
		.register(fieldFacts, { noun: 'a port', expected: `a port from ${MIN_PORT} to ${MAX_PORT}`, type: 'port' });
}

/** One number of a closed list. */
export function numberOf<const T extends readonly [number, ...number[]]>(values: T) {
	return z.preprocess(textToInteger, z.literal(values)).register(fieldFacts, {
		noun: 'one of its values',
		expected: `one of ${values.map((value) => `\`${value}\``).join(', ')}`,
		type: values.join(' \\| '),
	});
}

export function flag() {
	return z
		.preprocess((input) => (input === 'true' ? true : input === 'false' ? false : input), z.boolean())
		.register(fieldFacts, { noun: 'a yes or no', expected: '`true` or `false`', type: 'boolean' });
}

/** Text of one line without control characters. */
export function text(noun: string, expected: string, pattern: RegExp = /^[^\x00-\x1f\x7f]+$/) {
	return z.string().regex(pattern).register(fieldFacts, { noun, expected, type: 'text' });
}

/** `min` in milliseconds; 0 allows `0s`, which disables. */
export function duration(min = 0) {
	const lowest = min > 0 ? `, at least ${formatDuration(min)}` : '';
	const schema = z.string().transform((input, context) => {
		const millis = parseDuration(input);
		if (millis >= min) return millis;
		context.issues.push(
			fault(input, millis < 0 ? 'is not a duration' : 'is too short', { expected: `${EXPECTED_DURATION}${lowest}` }),
		);
		return z.NEVER;
	});
	return schema.register(fieldFacts, {
		noun: 'a duration',
		expected: `${EXPECTED_DURATION}${lowest}`,
		type: 'duration',
		input: { type: 'string', pattern: DURATION_PATTERN },
		render: formatDuration,
	});
}
const EXPECTED_DURATION = 'a duration such as `250ms`, `2s` or `1h30m`';

export function size(min: number, max: number) {
	const expected = `a size such as \`64KiB\`, \`10MiB\` or \`1KB\`, from ${formatSize(min)} to ${formatSize(max)}`;
	const schema = z.union([z.string(), z.number()]).transform((input, context) => {
		const bytes = parseSize(String(input));
		if (bytes >= min && bytes <= max) return bytes;
		context.issues.push(fault(input, bytes < 0 ? 'is not a size' : 'is out of range', { expected }));
		return z.NEVER;
	});
	return schema.register(fieldFacts, {
		noun: 'a size',
		expected,
		type: 'size',
		input: {
			anyOf: [
				{ type: 'integer', minimum: 0 },
				{ type: 'string', pattern: SIZE_PATTERN },
			],
		},
		render: formatSize,
	});
}

export function percentage() {
	const expected = 'a percentage such as `20%` or `20`, from 0 to 100';
	const schema = z.union([z.string(), z.number()]).transform((input, context) => {
		const percent = parsePercentage(String(input));
		if (percent >= 0) return percent;
		context.issues.push(fault(input, 'is not a percentage', { expected }));
		return z.NEVER;
	});
	return schema.register(fieldFacts, {
		noun: 'a percentage',
		expected,
		type: 'percentage',
		input: {
			anyOf: [
				{ type: 'number', minimum: 0, maximum: 100 },
				{ type: 'string', pattern: PERCENTAGE_PATTERN },
			],
		},
	});
}

/** A part of a whole, as a number. */
export function share() {
	const expected = 'a number from 0 to 1, such as `0.8`';
	return z
		.preprocess(
			(input) => (typeof input === 'string' && SHARE.test(input) ? Number(input) : input),
			z.number().min(0).max(1),
		)
		.register(fieldFacts, { noun: 'a share', expected, type: 'number from 0 to 1' });
}
const SHARE = /^[0-9]{1,3}(\.[0-9]{1,9})?$/;

/** One word of a closed list. `later` are words that other versions know. */
export function word<const T extends readonly [string, ...string[]]>(values: T, later: readonly string[] = []) {
	const expected =
		values.length === 1 ? `\`${values[0]}\`` : `one of ${values.map((value) => `\`${value}\``).join(', ')}`;
	return z.enum(values).register(fieldFacts, {
		noun: 'one of its values',
		expected,
		type: values.join(' \\| '),
		isLaterValue: (value) => typeof value === 'string' && later.includes(value),
	});
}

/** A list without repetitions; mappings repeat each other only where `identityOf` says so. */
export function listOf<T extends z.ZodType>(item: T, max: number, identityOf = identityOfScalar) {
	const schema = z
		.array(item)
		.max(max)
		.check((context) => {
			const seen = new Set<unknown>();
			for (const [index, entry] of context.value.entries()) {
				const identity = identityOf(entry);
				if (seen.has(identity)) context.issues.push(fault(entry, 'is in the list already', { path: [index] }));
				seen.add(identity);
			}
		});
	return schema.register(fieldFacts, { noun: 'a list', expected: `a list of at most ${max}` });
}

function identityOfScalar(entry: unknown): unknown {
	return typeof entry === 'object' ? entry : String(entry);
}

export interface NamesOfMap {
	/** Completes "expected" for the mapping as a whole. */
	readonly expected: string;
	/** Type as the reference calls it. */
	readonly type: string;
	readonly name: RegExp;
	readonly expectedName: string;
	readonly max: number;
}

/** A mapping whose keys are names of the file's own choice. */
export function mapOf<T extends z.ZodType>(value: T, { expected, type, name, expectedName, max }: NamesOfMap) {
	const schema = z.preprocess(refusePrototype, z.record(z.string(), value)).superRefine((entries, context) => {
		const names = Object.keys(entries);
		if (names.length > max) context.addIssue(fault(entries, 'has too many entries', { expected: `at most ${max}` }));
		for (const key of names) {
			if (name.test(key)) continue;
			context.addIssue(fault(key, 'is not a name', { expected: expectedName, path: [key], isKey: true }));
		}
	}, EVEN_WITH_ISSUES);
	return schema.register(fieldFacts, { noun: 'a mapping', expected, type, keyPattern: name.source });
}

/** A record leaves this key out without a word. */
function refusePrototype(input: unknown, context: z.RefinementCtx): unknown {
	if (typeof input !== 'object' || input === null || !Object.hasOwn(input, '__proto__')) return input;
	context.addIssue(fault(input, 'is not a name', { path: ['__proto__'], isKey: true }));
	return z.NEVER;
}

/** A mapping that can be turned off with one word. */
export function orOff<T extends z.ZodType>(schema: T, expected: string) {
	const off = z.preprocess((input) => (input === 'off' ? null : input), schema.nullable());
	fieldFacts.add(off, { noun: 'a mapping', expected, otherForms: [{ const: 'off' }] });
	return off;
}

/** Only `off`: what can be said elsewhere cannot be here, which `message` tells. */
export function offAlone(message: string, expected: string) {
	return z
		.unknown()
		.transform((input, context) => {
			if (input !== 'off') context.issues.push(fault(input, message, { expected }));
			return null;
		})
		.register(fieldFacts, { noun: '`off`', expected, type: 'off', input: { const: 'off' } });
}

/** A mapping with a closed set of keys. `laterKeys` are named in their own error. */
export function block<T extends z.core.$ZodLooseShape>(shape: T, laterKeys: readonly string[] = [], expected = '') {
	const keys = Object.keys(shape).map((key) => `\`${key}\``);
	return z.strictObject(shape).register(fieldFacts, {
		noun: 'a mapping',
		expected: expected === '' ? `a mapping with ${keys.join(', ')}` : expected,
		laterKeys,
	});
}

/** With facts that it does not have yet: `register` would take away those that it has. */
export function withFacts<T extends z.ZodType>(schema: T, facts: FieldFacts): T {
	fieldFacts.add(schema, { ...fieldFacts.get(schema), ...facts });
	return schema;
}

/** A block that stands in several places: the JSON Schema writes it once, under this name. */
export function shared<T extends z.ZodType>(definition: string, schema: T): T {
	return withFacts(schema, { definition });
}
