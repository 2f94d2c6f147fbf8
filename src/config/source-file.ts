/** One file of a configuration, as it was read. */
export interface SourceFile {
	/** As issues and positions call it. */
	readonly file: string;
	readonly text: string;
}

/** What counts in a folder. Hidden files do not: editors keep their own that way, and Kubernetes its volumes. */
const FILE_NAME = /^[^.].*\.ya?ml$/;

/** The files of a folder that are one configuration together, of all the names in it and in their order. */
export function routeFileNames(names: readonly string[]): string[] {
	return names.filter((name) => FILE_NAME.test(name)).sort();
}
