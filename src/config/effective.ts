/**
 * The configuration in force, in the words of the route file: every key with its value and where that came from.
 * What came from the environment is shown as `${NAME}`, never as its value.
 */
import type * as z from 'zod';
import { nameOfFile } from './build.ts';
import { type Located, locate, type PathSegment } from './located.ts';
import type { Provenance } from './parse-config.ts';
import { routeFileSchema } from './schema/route-file.ts';
import { describeField, type Field } from './schema/walk.ts';

export type Scalar = string | number | boolean | null;

export interface EffectiveLeaf {
	/** As it would be written in the file; `null`: unset. A list of scalars is one value. */
	readonly value: Scalar | readonly Scalar[];
	/** `orders.yaml:3`, `default`, or `env NAME`. */
	readonly from: string;
}
export interface EffectiveMap {
	readonly [key: string]: Effective;
}
export type Effective = EffectiveLeaf | EffectiveMap | readonly Effective[];

const DEFAULT = 'default';

export function effectiveConfig({ file, routeFile, root }: Provenance): Effective {
	const view = new EffectiveView(root, file);
	const shown = view.show(routeFileSchema, routeFile, []);
	// Where keys of the future go says nothing while it is empty.
	return Object.fromEntries(Object.entries(shown).filter(([key]) => key !== 'unstable'));
}

export function isLeaf(effective: Effective): effective is EffectiveLeaf {
	return 'from' in effective && typeof effective['from'] === 'string';
}

class EffectiveView {
	readonly #root: Located;
	readonly #file: string;

	constructor(root: Located, file: string) {
		this.#root = root;
		this.#file = file;
	}

	show(schema: z.core.$ZodType, value: unknown, path: readonly PathSegment[]): Effective {
		const field = describeField(schema);
		const node = this.#writtenAt(path);
		if (value === undefined) return { value: null, from: DEFAULT };
		if (value === null) return this.#leaf('off', node);
		const isShortForm = node?.kind === 'scalar';
		if (field.facts.render !== undefined || (isShortForm && node.env !== null)) {
			return this.#leaf(renderScalar(field, value), node);
		}
		if (Array.isArray(value)) return this.#list(field, value, node, path);
		if (field.keys !== null && typeof value === 'object') return this.#map(field.keys, value, path);
		return this.#leaf(renderScalar(field, value), node);
	}

	#map(keys: Readonly<Record<string, z.core.$ZodType>>, value: object, path: readonly PathSegment[]): EffectiveMap {
		const values = value as Readonly<Record<string, unknown>>;
		const shown: Record<string, Effective> = {};
		for (const [key, schema] of Object.entries(keys)) shown[key] = this.show(schema, values[key], [...path, key]);
		const name = shown['name'];
		if (name !== undefined && isLeaf(name) && name.value === null) shown['name'] = this.#defaultName(shown);
		return shown;
	}

	/** An app without a name is called after the file, a rule by its first path: as shown, so masked where that is. */
	#defaultName(shown: Readonly<Record<string, Effective>>): EffectiveLeaf {
		const matches = shown['matches'];
		if (matches === undefined) return { value: nameOfFile(this.#file), from: DEFAULT };
		const first = Array.isArray(matches) ? (matches[0] as EffectiveMap | undefined) : undefined;
		const path = first?.['path'];
		const pattern = path === undefined || isLeaf(path) ? path : (path as EffectiveMap)['value'];
		return { value: pattern !== undefined && isLeaf(pattern) ? pattern.value : '/', from: DEFAULT };
	}

	#list(
		field: Field,
		values: readonly unknown[],
		node: Located | null,
		path: readonly PathSegment[],
	): EffectiveLeaf | Effective[] {
		const { items } = field;
		if (items === null || values.length === 0) return this.#leaf([], node);
		const shown = values.map((value, index) => this.show(items, value, [...path, index]));
		const leaves = shown.filter(isLeaf);
		if (leaves.length < shown.length) return shown;
		const value = leaves.map((leaf) => leaf.value as Scalar);
		const variables = new Set(leaves.map((leaf) => leaf.from).filter((from) => from.startsWith('env ')));
		return { value, from: [this.#place(node), ...variables].join(', ') };
	}

	#leaf(value: EffectiveLeaf['value'], node: Located | null): EffectiveLeaf {
		if (node !== null && node.env !== null) {
			return { value: node.env.masked, from: node.env.names.map((name) => `env ${name}`).join(', ') };
		}
		return { value, from: this.#place(node) };
	}

	#place(node: Located | null): string {
		return node === null ? DEFAULT : `${node.span.file}:${node.span.line}`;
	}

	/** What the file says for a path, itself or by the short form of a key above it; `null` when it says nothing. */
	#writtenAt(path: readonly PathSegment[]): Located | null {
		const { node, depth } = locate(this.#root, path);
		const isWritten = node.value !== null && (depth === path.length || node.kind === 'scalar');
		return isWritten ? node : null;
	}
}

function renderScalar({ facts }: Field, value: unknown): Scalar {
	// A brick's `render` takes what the same brick made: the schema has just checked it.
	const render = facts.render as ((value: unknown) => Scalar) | undefined;
	if (render !== undefined) return render(value);
	return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
