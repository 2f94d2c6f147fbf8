/** What is wrong with the YAML itself, in the parser's words and with a way out of the mistakes that people make. */
import type { Document, LineCounter, YAMLError } from 'yaml';
import { reveal } from './environment.ts';
import type { IssueList } from './issue-list.ts';

export const NESTED_TOO_DEEPLY = 'the YAML is nested too deeply';

/** A file with more is not a route file at all. */
const MAX_SYNTAX_ERRORS = 20;

export function reportSyntax(document: Document.Parsed, lines: LineCounter, file: string, issues: IssueList): void {
	let lastLine = 0;
	for (const fault of faultsOf(document)) {
		const [start, end] = fault.pos;
		const { line, col } = lines.linePos(start);
		// Further faults of the same line are echoes of its first one.
		if (line === lastLine) continue;
		lastLine = line;
		const span = { file, line: Math.max(1, line), column: Math.max(1, col), length: Math.max(1, end - start) };
		issues.error(span, { path: [], message: messageOf(fault), hint: hintFor(fault) });
	}
}

function faultsOf({ errors, warnings }: Document.Parsed): YAMLError[] {
	const faults: YAMLError[] = [...errors, ...warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED')];
	// What comes after a tab is read at another depth than it was meant to have.
	const tabs = faults.filter(({ code }) => code === 'TAB_AS_INDENT');
	return (tabs.length > 0 ? tabs : faults).slice(0, MAX_SYNTAX_ERRORS);
}

function messageOf(fault: YAMLError): string {
	// The parser recurses; a legitimate file is some ten levels deep.
	if (fault.code === 'RESOURCE_EXHAUSTION') return NESTED_TOO_DEEPLY;
	const message = reveal(fault.message).replace('"quote', 'quote');
	return `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function hintFor({ code, message }: YAMLError): string {
	switch (code) {
		case 'TAB_AS_INDENT':
			return 'indent with spaces';
		case 'BLOCK_AS_IMPLICIT_KEY':
			return 'text that contains `: ` needs quotes';
		case 'BAD_SCALAR_START':
			return 'text that starts with a special character needs quotes';
		case 'BAD_ALIAS':
			return 'text that starts with `*` or `&` needs quotes';
		case 'BAD_INDENT': {
			const bracket = /end with a ([}\]])/.exec(message)?.[1];
			return bracket === undefined ? '' : `a \`${bracket === '}' ? '{' : '['}\` before it is not closed`;
		}
		case 'MULTILINE_IMPLICIT_KEY':
			return 'a key ends with `:` and a blank';
		case 'UNEXPECTED_TOKEN':
			return message.endsWith('at node end')
				? 'text with quotes, brackets, braces or commas in it needs quotes around it'
				: '';
		case 'MISSING_CHAR':
			return hintForMissing(message);
		default:
			return '';
	}
}

function hintForMissing(message: string): string {
	if (message.includes('closing')) return 'text that starts with a quote ends with one';
	return message.startsWith('Implicit map keys') ? 'a key ends with `:` and a blank' : '';
}
