/** Why something failed, in one line. */

export function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	return 'stderr' in error && error.stderr !== '' ? errorLine(String(error.stderr)) : errorLine(error.message);
}

/** The line of a program's output that says what went wrong; a stack or a farewell may follow it. */
export function errorLine(output: string): string {
	const lines = output.trim().split('\n');
	return (lines.find((line) => /error:|\[emerg\]|\[alert\]/i.test(line)) ?? lines.at(-1) ?? '').trim();
}
