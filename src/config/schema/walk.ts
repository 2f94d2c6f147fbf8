/** Reads the schemas themselves: for messages, for the reference, and to show a configuration in the file's own words. */
import * as z from 'zod';
import { type FieldFacts, fieldFacts } from './field.ts';

/** A schema without its wrappers. */
export interface Field {
	/** Keys of a mapping, in the order of the reference; `null` for everything else. */
	readonly keys: Readonly<Record<string, z.core.$ZodType>> | null;
	/** Schema of a list's items. */
	readonly items: z.core.$ZodType | null;
	/** Schema of the values of a mapping with names of the file's own choice. */
	readonly values: z.core.$ZodType | null;
	/** Facts of all layers; an outer one wins. */
	readonly facts: FieldFacts;
	readonly description: string;
	/** The default as it would be written in the file; `undefined` without one. */
	readonly fallback: unknown;
	readonly isOptional: boolean;
	/** The schema itself, without wrappers. */
	readonly innermost: z.core.$ZodType;
}

export function describeField(schema: z.core.$ZodType): Field {
	let facts: FieldFacts = {};
	let description = '';
	let fallback: unknown;
	let isOptional = false;
	let inner = schema;
	for (;;) {
		facts = { ...fieldFacts.get(inner), ...facts };
		if (description === '') description = z.globalRegistry.get(inner)?.description ?? '';
		if (inner instanceof z.core.$ZodOptional) isOptional = true;
		if (inner instanceof z.core.$ZodPrefault) fallback = inner._zod.def.defaultValue;
		const next = unwrapOnce(inner);
		if (next === null) break;
		inner = next;
	}
	const keys = inner instanceof z.core.$ZodObject ? inner._zod.def.shape : null;
	const items = inner instanceof z.core.$ZodArray ? inner._zod.def.element : null;
	const values = inner instanceof z.core.$ZodRecord ? inner._zod.def.valueType : null;
	return { keys, items, values, facts, description, fallback, isOptional, innermost: inner };
}

function unwrapOnce(schema: z.core.$ZodType): z.core.$ZodType | null {
	if (schema instanceof z.core.$ZodOptional) return schema._zod.def.innerType;
	if (schema instanceof z.core.$ZodPrefault) return schema._zod.def.innerType;
	if (schema instanceof z.core.$ZodNullable) return schema._zod.def.innerType;
	if (!(schema instanceof z.core.$ZodPipe)) return null;
	const { in: input, out } = schema._zod.def;
	// A transform comes first when it expands a short form, last when it makes the value of what was checked.
	return input instanceof z.core.$ZodTransform ? out : input;
}

/** The field at a path; `null` when there is none. */
export function fieldAt(root: z.core.$ZodType, path: readonly (string | number)[]): Field | null {
	let field = describeField(root);
	for (const segment of path) {
		const next = typeof segment === 'number' ? field.items : schemaOfKey(field, segment);
		if (next === null) return null;
		field = describeField(next);
	}
	return field;
}

/** What a key of a mapping holds; `null` when it is none of its keys. */
export function schemaOfKey({ keys, values }: Field, key: string): z.core.$ZodType | null {
	if (keys === null) return values;
	return Object.hasOwn(keys, key) ? (keys[key] ?? null) : null;
}
