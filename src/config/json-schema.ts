/** The route file's JSON Schema, for editors: completion, hover text and faults while typing. Made from the schemas. */
import * as z from 'zod';
import type { JsonSchema } from './schema/field.ts';
import { routeFileSchema } from './schema/route-file.ts';
import { describeField, type Field } from './schema/walk.ts';

/** Draft 7 is what the YAML language server reads best. */
const DIALECT = 'http://json-schema.org/draft-07/schema#';
const ENVIRONMENT = { $ref: '#/definitions/environment' };

export function routeFileJsonSchema(): JsonSchema {
	const writer = new SchemaWriter();
	const routeFile = writer.fromSchema(routeFileSchema);
	return {
		$schema: DIALECT,
		title: 'Outrigger route file',
		// Editors hold every document of a file against the one schema that the file names.
		anyOf: [{ $ref: '#/definitions/routeFile' }, { $ref: '#/definitions/document' }],
		definitions: {
			routeFile: {
				...routeFile,
				patternProperties: { '^x-': { description: 'Ignored: a place for anchors.' } },
			},
			document: {
				type: 'object',
				description: 'A document of the Gateway API or of Kubernetes beside the route file.',
				properties: { apiVersion: { type: 'string' }, kind: { type: 'string' } },
				required: ['apiVersion', 'kind'],
			},
			environment: {
				type: 'string',
				pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}',
				description: 'Takes an environment variable: `${NAME}` or `${NAME:-default}`.',
			},
			...writer.definitions,
		},
	};
}

class SchemaWriter {
	/** What stands in several places, by its name: written once. */
	readonly definitions: Record<string, JsonSchema> = {};

	fromSchema(schema: z.core.$ZodType): JsonSchema {
		const field = describeField(schema);
		const forms = [this.#form(field), ...(field.facts.otherForms ?? [])];
		if (!isFreeText(forms[0])) forms.push(ENVIRONMENT);
		const [only] = forms;
		const isMapping = field.keys !== null || field.values !== null;
		const isContainer = isMapping && field.facts.otherForms === undefined;
		return {
			...(field.description !== '' && { description: field.description }),
			...(isShownDefault(field.fallback) && { default: field.fallback }),
			...(isContainer || forms.length === 1 ? only : { anyOf: forms }),
		};
	}

	#form(field: Field): JsonSchema {
		const { keys, items, values, facts } = field;
		if (keys !== null) {
			const mapping = this.#mapping(keys, facts.definition);
			const choice = facts.exactlyOneOf?.map((key) => ({ type: 'object', properties: { [key]: {} }, required: [key] }));
			return choice === undefined ? mapping : { ...mapping, oneOf: choice };
		}
		if (values !== null) return this.#mappingOfNames(values, facts.keyPattern);
		if (facts.input !== undefined) return facts.input;
		if (items !== null) return { ...ownForm(field), items: this.fromSchema(items) };
		return ownForm(field);
	}

	#mapping(keys: Readonly<Record<string, z.core.$ZodType>>, name: string | undefined): JsonSchema {
		if (name === undefined) return this.#object(keys);
		if (!Object.hasOwn(this.definitions, name)) {
			// Its place is taken first: what is inside may refer to it.
			this.definitions[name] = {};
			this.definitions[name] = this.#object(keys);
		}
		return { $ref: `#/definitions/${name}` };
	}

	#object(keys: Readonly<Record<string, z.core.$ZodType>>): JsonSchema {
		const required = Object.entries(keys)
			.filter(([, schema]) => isRequired(describeField(schema)))
			.map(([key]) => key);
		return {
			type: 'object',
			properties: Object.fromEntries(Object.entries(keys).map(([key, schema]) => [key, this.fromSchema(schema)])),
			...(required.length > 0 && { required }),
			additionalProperties: false,
		};
	}

	#mappingOfNames(values: z.core.$ZodType, pattern: string | undefined): JsonSchema {
		return {
			type: 'object',
			...(pattern !== undefined && { propertyNames: { pattern } }),
			additionalProperties: this.fromSchema(values),
		};
	}
}

/** As the schema's own library writes it. */
function ownForm({ innermost }: Field): JsonSchema {
	const {
		$schema: _dialect,
		description: _told,
		...form
	} = z.toJSONSchema(innermost, {
		io: 'input',
		target: 'draft-07',
		unrepresentable: 'any',
	});
	return form;
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
