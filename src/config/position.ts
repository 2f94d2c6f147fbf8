/** A place in a route file, as people count: from one. */
export interface Position {
	readonly file: string;
	readonly line: number;
	readonly column: number;
}
