/** The text format of Prometheus, line by line. */

/** The two lines before the samples of a family. */
export function familyHead(name: string, help: string, type: string): string {
	return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
}

/** What stands between the braces. */
export function labelText(names: readonly string[], values: readonly string[]): string {
	return names.map((name, i) => `${name}="${escapeLabelValue(values[i] ?? '')}"`).join(',');
}

/** `labels`: as `labelText` makes it. */
export function sampleLine(name: string, labels: string, value: number): string {
	return `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`;
}

function escapeLabelValue(value: string): string {
	return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function escapeHelp(help: string): string {
	return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
