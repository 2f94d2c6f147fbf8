/** The route file's JSON Schema, for editors: completion, hover text and faults while typing. Made from the schemas. */
import * as z from 'zod';
import type { JsonSchema } from './schema/field.ts';
import { routeFileSchema } from './schema/route-file.ts';
import { describeField, type Field } from './schema/walk.ts';

/** Draft 7 is what the YAML language server reads best. */
const DIALECT = 'http://json-schema.org/draft-07/schema#';
const ENVIRONMENT = { $ref: '#/definitions/environment' };

export function routeFileJsonSchema(): JsonSchema {
	return {
		$schema: DIALECT,
		title: 'Outrigger route file',
		...fromSchema(routeFileSchema),
		patternProperties: { '^x-': { description: 'Ignored: a place for anchors.' } },
		definitions: {
			environment: {
				type: 'string',
				pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}',
				description: 'Takes an environment variable: `${NAME}` or `${NAME:-default}`.',
			},
		},
	};
}

function fromSchema(schema: z.core.$ZodType): JsonSchema {
	const field = describeField(schema);
	const forms = [formOf(field), ...(field.facts.otherForms ?? [])];
	if (!isFreeText(forms[0])) forms.push(ENVIRONMENT);
	const [only] = forms;
	const isContainer = field.keys !== null && field.facts.otherForms === undefined;
	return {
		...(field.description !== '' && { description: field.description }),
		...(isShownDefault(field.fallback) && { default: field.fallback }),
		...(isContainer || forms.length === 1 ? only : { anyOf: forms }),
	};
}

function formOf(field: Field): JsonSchema {
	const { keys, items, facts } = field;
	if (keys !== null) return mapping(keys);
	if (facts.input !== undefined) return facts.input;
	const {
		$schema: _dialect,
		description: _told,
		...form
	} = z.toJSONSchema(field.innermost, {
		io: 'input',
		target: 'draft-07',
		unrepresentable: 'any',
	});
	return items === null ? form : { ...form, items: fromSchema(items) };
}

function mapping(keys: Readonly<Record<string, z.core.$ZodType>>): JsonSchema {
	const required = Object.entries(keys)
		.filter(([, schema]) => isRequired(describeField(schema)))
		.map(([key]) => key);
	return {
		type: 'object',
		properties: Object.fromEntries(Object.entries(keys).map(([key, schema]) => [key, fromSchema(schema)])),
		...(required.length > 0 && { required }),
		additionalProperties: false,
	};
}

export function isRequired(field: Field): boolean {
	return !field.isOptional && field.fallback === undefined;
}

/** `{}` is how a block says that its keys have defaults of their own. */
function isShownDefault(fallback: unknown): boolean {
	const isEmptyMap = typeof fallback === 'object' && fallback !== null && Object.keys(fallback).length === 0;
	return fallback !== undefined && (!isEmptyMap || Array.isArray(fallback));
}

function isFreeText(form: JsonSchema | undefined): boolean {
	return form?.['type'] === 'string' && form['pattern'] === undefined && form['enum'] === undefined;
}
