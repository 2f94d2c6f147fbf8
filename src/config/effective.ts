/**
 * The configuration in force, in the words of the route file: every key with its value and where that came from.
 * What came from the environment is shown as `${NAME}`, never as its value.
 */
import type * as z from 'zod';
import { nameOfFile } from './build.ts';
import { type Located, locate, type PathSegment } from './located.ts';
import type { Provenance } from './parse-config.ts';
import { type RouteFile, routeFileSchema } from './schema/route-file.ts';
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
	const view = new EffectiveView(root, file, routeFile.app);
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
	readonly #app: RouteFile['app'];

	constructor(root: Located, file: string, app: RouteFile['app']) {
		this.#root = root;
		this.#file = file;
		this.#app = app;
	}

	show(schema: z.core.$ZodType, value: unknown, path: readonly PathSegment[]): Effective {
		const field = describeField(schema);
		const node = this.#writtenAt(path);
		if (value === undefined) return { value: null, from: DEFAULT };
		if (value === null) return this.#leaf('off', node);
		const isShortForm = node?.kind === 'scalar';
		if (field.facts.render !== undefined || (isShortForm && node.env !== null)) {
			return this.#rendered(field, value, node, path);
		}
		if (Array.isArray(value)) return this.#list(field, value, node, path);
		if (typeof value === 'object' && (field.keys !== null || field.values !== null)) {
			return this.#map(field, value, path);
		}
		return this.#rendered(field, value, node, path);
	}

	#rendered(field: Field, value: unknown, node: Located | null, path: readonly PathSegment[]): Effective {
		const rendered = render(field, value);
		if (typeof rendered !== 'object' || rendered === null) return this.#leaf(rendered, node);
		const entries = Object.entries(rendered);
		return Object.fromEntries(entries.map(([key, text]) => [key, this.#leaf(text, this.#writtenAt([...path, key]))]));
	}

	#map(field: Field, value: object, path: readonly PathSegment[]): EffectiveMap {
		const values = value as Readonly<Record<string, unknown>>;
		const shown: Record<string, Effective> = {};
		for (const [key, schema] of schemasOf(field, value)) {
			const { implied, needsValue } = describeField(schema).facts;
			const inForce = values[key] ?? implied?.(values, this.#app);
			const isOneOfFew =
				needsValue === true || field.facts.showsOnlySet === true || field.facts.exactlyOneOf?.includes(key) === true;
			if (inForce === undefined && isOneOfFew) continue;
			shown[key] = this.show(schema, values[key] === null ? null : inForce, [...path, key]);
		}
		const name = shown['name'];
		const isUnnamed = name !== undefined && isLeaf(name) && name.value === null;
		if (isUnnamed && path.length === 1 && path[0] === 'app') {
			shown['name'] = { value: nameOfFile(this.#file), from: DEFAULT };
		}
		if (isUnnamed && 'matches' in shown) shown['name'] = this.#defaultRuleName(shown);
		return shown;
	}

	/** A rule is called by its first path: as shown, so masked where that is. */
	#defaultRuleName(shown: Readonly<Record<string, Effective>>): EffectiveLeaf {
		const matches = shown['matches'];
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
		const isShortForm = node?.kind === 'map';
		const shown = values.map((value, index) =>
			isShortForm ? this.#named(value, [...path, index]) : this.show(items, value, [...path, index]),
		);
		const leaves = shown.filter(isLeaf);
		if (leaves.length < shown.length) return shown;
		const value = leaves.map((leaf) => leaf.value as Scalar);
		const variables = new Set(leaves.map((leaf) => leaf.from).filter((from) => from.startsWith('env ')));
		return { value, from: [this.#place(node), ...variables].join(', ') };
	}

	/** An entry of `{ name: value }`, the short form of a list: the key gives the name, so it is no one's secret. */
	#named(entry: unknown, path: readonly PathSegment[]): EffectiveMap {
		const node = this.#writtenAt(path);
		const values = Object.entries(entry as Readonly<Record<string, string>>);
		return Object.fromEntries(
			values.map(([key, value]) => {
				if (key === 'value') return [key, this.#leaf(value, node)];
				return [key, { value, from: key === 'name' ? this.#place(node) : DEFAULT }];
			}),
		);
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

/** Keys of a block in the order of the reference, those of a mapping of names in the order of the file. */
function schemasOf({ keys, values }: Field, value: object): (readonly [string, z.core.$ZodType])[] {
	if (keys !== null) return Object.entries(keys);
	return values === null ? [] : Object.keys(value).map((key) => [key, values] as const);
}

function render({ facts }: Field, value: unknown): Scalar | Readonly<Record<string, string>> {
	// A brick's `render` takes what the same brick made: the schema has just checked it.
	const render = facts.render as ((value: unknown) => ReturnType<NonNullable<typeof facts.render>>) | undefined;
	if (render !== undefined) return render(value);
	return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
