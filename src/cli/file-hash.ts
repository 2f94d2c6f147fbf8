/**
 * How a route file is told from another version of itself: in metrics, logs and `/config`. One file is its content. Of
 * several the names count as well, so that a file that is renamed and two that swap their contents are a change.
 */
import path from 'node:path';

export const HASH_ALGORITHM = 'sha256';
/** 48 bits: plenty to tell the versions of one file apart, short enough to read aloud. */
const HASH_DIGITS = 12;

/** Node's `Hash`, as far as it is needed here. */
export interface HashState {
	update(data: string | Uint8Array): unknown;
	digest(encoding: 'hex'): string;
}

/** What goes into the hash before the content of one of `count` files. */
export function titleOf(file: string, count: number): string {
	return count === 1 ? '' : `\0${path.basename(file)}\0`;
}

export function digestOf(hash: HashState): string {
	return hash.digest('hex').slice(0, HASH_DIGITS);
}
