/**
 * What `tsyringe`, on which @peculiar/x509 stands, asks of the package `reflect-metadata`, which neither of them brings:
 * three calls, about classes and never about what they inherit. Must be imported before it.
 */
const known = new WeakMap<object, Map<unknown, unknown>>();

function metadata(key: unknown, target: object): unknown {
	return known.get(target)?.get(key);
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
	const ofTarget = known.get(target) ?? new Map<unknown, unknown>();
	known.set(target, ofTarget.set(key, value));
}

// Somebody else's is the better one.
if (!('getMetadata' in Reflect)) {
	Object.assign(Reflect, { getMetadata: metadata, getOwnMetadata: metadata, defineMetadata });
}
