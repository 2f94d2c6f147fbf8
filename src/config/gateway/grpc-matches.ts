/** Matches of a `GRPCRoute`: a call of gRPC is a POST to `/service/method` (gRPC over HTTP/2, "Requests"). */
import type { Located } from '../located.ts';
import type { GatewayDocument, Path } from './document.ts';
import { listNode, mapNode, type Place, placeOf, scalarNode } from './nodes.ts';

const SERVICE = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i;
const METHOD = /^[a-z_][a-z_0-9]*$/i;
/** Whatever stands between two slashes. */
const ANY = '[^/]+';

/** `rule`: where it is said when there are none. */
export function grpcMatches(document: GatewayDocument, rule: Place, path: Path): Located {
	const written = document.list(path);
	const list = document.at(path);
	const place = list === null ? rule : placeOf(list, document.origin(path));
	if (written.length === 0) return listNode([mapNode(new Map([['method', scalarNode('POST', rule)]]), rule)], place);
	return listNode(
		written.map((match, index) => matchNode(document, match, [...path, index])),
		place,
	);
}

function matchNode(document: GatewayDocument, match: Located, path: Path): Located {
	const place = placeOf(match, document.origin(path));
	const entries = new Map([['method', scalarNode('POST', place)]]);
	document.checkKeys(path, ['method', 'headers']);
	const called = pathOfCall(document, [...path, 'method']);
	if (called !== null) entries.set('path', called);
	const headers = match.entries.get('headers');
	if (headers !== undefined) entries.set('headers', headers);
	return mapNode(entries, place);
}

/** `null`: any, or an error. */
function pathOfCall(document: GatewayDocument, path: Path): Located | null {
	const node = document.at(path);
	if (node === null || !document.checkKeys(path, ['type', 'service', 'method'])) return null;
	const type = document.text([...path, 'type']) ?? 'Exact';
	const service = document.text([...path, 'service']) ?? '';
	const method = document.text([...path, 'method']) ?? '';
	const place = placeOf(node, document.origin(path));
	if (service === '' && method === '') {
		document.error(node, path, 'has neither `service` nor `method`', { expected: 'at least one of them' });
		return null;
	}
	const source = [node.entries.get('service'), node.entries.get('method')].find((part) => part?.env != null) ?? null;
	const pathNode = (kind: string, value: string): Located =>
		mapNode(
			new Map([
				['type', scalarNode(kind, place)],
				['value', scalarNode(value, place, source)],
			]),
			place,
		);
	if (type === 'RegularExpression') return pathNode(type, `/${groupOf(service)}/${groupOf(method)}`);
	if (type !== 'Exact') {
		const at = document.at([...path, 'type']) ?? node;
		const expected = 'one of `Exact`, `RegularExpression`';
		document.error(at, [...path, 'type'], 'is not one of its values', { expected });
		return null;
	}
	if (!isName(document, [...path, 'service'], SERVICE, 'a gRPC service')) return null;
	if (!isName(document, [...path, 'method'], METHOD, 'a gRPC method')) return null;
	if (service === '') return pathNode('RegularExpression', `/${ANY}/${method}`);
	return method === '' ? pathNode('PathPrefix', `/${service}`) : pathNode('Exact', `/${service}/${method}`);
}

function groupOf(expression: string): string {
	return expression === '' ? ANY : `(?:${expression})`;
}

function isName(document: GatewayDocument, path: Path, pattern: RegExp, noun: string): boolean {
	const node = document.at(path);
	const text = document.text(path) ?? '';
	if (node === null || text === '' || pattern.test(text)) return true;
	document.error(node, path, `is not the name of ${noun}`, { expected: 'letters, digits and `_`' });
	return false;
}
