/** An effective configuration for people: YAML, with the origin of each value beside it. */
import { Document, Pair, YAMLMap, YAMLSeq, Scalar as YamlScalar } from 'yaml';
import { type Effective, type EffectiveMap, isLeaf } from './effective.ts';

export function effectiveYaml(effective: Effective): string {
	const document = new Document(null);
	document.contents = toNode(effective);
	return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function toNode(effective: Effective): YamlScalar | YAMLMap | YAMLSeq {
	if (isLeaf(effective)) {
		const { value, from } = effective;
		const node = typeof value === 'object' && value !== null ? flowList(value) : new YamlScalar(value);
		node.comment = ` ${from}`;
		return node;
	}
	if (Array.isArray(effective)) {
		const list = new YAMLSeq();
		list.items = effective.map(toNode);
		return list;
	}
	const map = new YAMLMap();
	const entries = Object.entries(effective as EffectiveMap);
	map.items = entries.map(([key, value]) => new Pair(new YamlScalar(key), toNode(value)));
	return map;
}

function flowList(values: readonly unknown[]): YAMLSeq {
	const list = new YAMLSeq();
	list.flow = true;
	list.items = values.map((value) => new YamlScalar(value));
	return list;
}
