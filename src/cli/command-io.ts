/** What a command needs of the outside, so that a test can bring its own. */
export interface CommandIo {
	stdout(text: string): void;
	stderr(text: string): void;
	env(name: string): string | undefined;
	/** Rejects with the system's error. */
	readFile(path: string): Promise<string>;
	/** Names in a folder; `null`: it is none. Absent: nothing is a folder. */
	listFolder?(path: string): Promise<readonly string[] | null>;
	/** Human text goes to a terminal. */
	readonly isTTY: boolean;
}
