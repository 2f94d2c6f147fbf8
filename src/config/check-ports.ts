/** Ports that collide, and endpoints that are the sidecar itself. */
import type * as z from 'zod';
import { overlap, reaches } from './addresses.ts';
import type { IssueList } from './issue-list.ts';
import { formatPath, isWritten, type Located, lineText, locate, scalarText, writtenPath } from './located.ts';
import { endpointAddress } from './schema/endpoints.ts';
import { port } from './schema/field.ts';
import { listenAddress } from './schema/listen.ts';
import { canonicalHostname } from './schema/names.ts';

interface BoundPort {
	readonly path: readonly string[];
	readonly node: Located;
	readonly host: string;
	readonly port: number;
}

const LISTENERS = [
	['inbound', 'listen'],
	['outbound', 'listen'],
	['admin', 'listen'],
	['probes', 'listen'],
	['telemetry', 'logIntake', 'listen'],
] as const;
const ADMIN_DEFAULT = '127.0.0.1:9901';
/** The app is called on localhost, so it is there that it listens, whatever other addresses it has. */
const APP_HOST = '127.0.0.1';

export function checkPorts(root: Located, issues: IssueList): void {
	const listeners: BoundPort[] = [];
	const appPort = valueAt(root, ['app', 'port'], port());
	const app: BoundPort[] = appPort === null ? [] : [{ ...appPort, host: APP_HOST, port: appPort.value }];
	for (const path of [...LISTENERS, ...listensOfServices(root)]) {
		const fallback = path[0] === 'admin' ? ADMIN_DEFAULT : undefined;
		const found = valueAt(root, path, listenAddress(), fallback);
		if (found === null || found.value.port === 0) continue;
		const mine: BoundPort = { ...found, ...found.value };
		const other = [...app, ...listeners].find((one) => one.port === mine.port && overlap(one.host, mine.host));
		if (other !== undefined) reportCollision(other, mine, issues);
		listeners.push(mine);
	}
	checkEndpoints(root, listeners, issues);
}

function reportCollision(first: BoundPort, second: BoundPort, issues: IssueList): void {
	// The admin port has a default: the fault is shown at what was written.
	const isDefault = second.node.kind === 'map';
	const [shown, other] = isDefault ? [first, second] : [second, first];
	const where = isDefault ? 'by default' : `on ${lineText(other.node.span, shown.node.span.file)}`;
	issues.error(shown.node.span, {
		path: shown.path,
		message: `\`${formatPath(shown.path)}\` takes the port that \`${formatPath(other.path)}\` has ${where}`,
		expected: 'a port of its own for each',
	});
}

function listensOfServices(root: Located): string[][] {
	return [...locate(root, ['services']).node.entries.keys()].map((name) => ['services', name, 'listen']);
}

/** A request to such an endpoint would come back to the sidecar, again and again. */
function checkEndpoints(root: Located, listeners: readonly BoundPort[], issues: IssueList): void {
	for (const [name, service] of locate(root, ['services']).node.entries) {
		for (const { node, host, port, path: below } of addressesOf(service)) {
			const mine = listeners.find((listener) => listener.port === port && reaches(host, listener.host));
			if (mine === undefined) continue;
			const path = writtenPath(root, ['services', name, ...below]);
			issues.error(node.span, {
				path,
				message: `\`${formatPath(path)}\` is the sidecar itself: \`${formatPath(mine.path)}\` has that port`,
				expected: 'the address of a service',
			});
		}
	}
}

/** Valid addresses of an entry of `services`, with the place of each in it. */
function* addressesOf(service: Located) {
	for (const [index, endpoint] of (service.entries.get('endpoints')?.items ?? []).entries()) {
		const node = endpoint.entries.get('address');
		const address = endpointAddress.safeParse(node?.value);
		if (node === undefined || !address.success) continue;
		yield { node, ...address.data, path: ['endpoints', index, 'address'] };
	}
	const dns = service.entries.get('dns');
	const name = dns?.entries.get('name');
	const number = port().safeParse(dns?.entries.get('port')?.value);
	if (name === undefined || !number.success) return;
	yield { node: name, host: canonicalHostname(scalarText(name.value)), port: number.data, path: ['dns', 'name'] };
}

/** The valid value at a path, or its default with the node above it; `null` when there is neither. */
function valueAt<T>(root: Located, path: readonly string[], schema: z.ZodType<T>, fallback?: unknown) {
	const { node } = locate(root, path);
	const isThere = isWritten(root, path);
	if (!isThere && fallback === undefined) return null;
	const result = schema.safeParse(isThere ? node.value : fallback);
	if (!result.success) return null;
	return { path, node, value: result.data };
}
