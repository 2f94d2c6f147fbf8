/** How a redirect or a rewrite changes the path, as the Gateway API's HTTPPathModifier. */
import { normalizePath } from '../../http/path.ts';
import { block, EVEN_WITH_ISSUES, fault, fieldFacts, hasUnknownKey, text, word } from './field.ts';

/** The Gateway API's bound. */
const MAX_PATH_LENGTH = 1024;
const PATH = /^(\/[!-"$->@-~]*)?$/;
const EXPECTED_PATH = 'a path such as `/v2`, without query';

function replacement() {
	return text('a path', EXPECTED_PATH, /^[^\x00-\x1f\x7f]*$/).superRefine((value, context) => {
		const message = faultOfReplacement(value);
		if (message !== '') context.addIssue(fault(value, message, { expected: EXPECTED_PATH }));
	});
}

function faultOfReplacement(value: string): string {
	if (value.length > MAX_PATH_LENGTH) return `is longer than ${MAX_PATH_LENGTH} characters`;
	if (value.includes('?')) return 'has a query, which stays that of the request';
	if (value !== '' && !value.startsWith('/')) return 'must start with `/`';
	if (!PATH.test(value)) return 'has a character that no path has';
	if (/\/\.{1,2}(\/|$)/.test(value)) return 'has a dot segment';
	return normalizePath(value) === null ? 'has a bad escape' : '';
}

const KEYS = { ReplaceFullPath: 'replaceFullPath', ReplacePrefixMatch: 'replacePrefixMatch' } as const;
const EXPECTED = '`replaceFullPath: /path` or `replacePrefixMatch: /prefix`';

export const pathModifier = block({
	type: word(['ReplaceFullPath', 'ReplacePrefixMatch'])
		.optional()
		.describe('What is replaced. May be left out: the other key says it.'),
	replaceFullPath: replacement().optional().describe('The path instead of the whole one.'),
	replacePrefixMatch: replacement()
		.optional()
		.describe('The path instead of the prefix that matched; what comes after it stays.'),
})
	.superRefine((modifier: Readonly<Record<string, unknown>>, context) => {
		const written = Object.values(KEYS).filter((key) => key in modifier);
		const type = modifier['type'];
		if (written.length === 0 && hasUnknownKey(context)) return;
		if (written.length !== 1) {
			const message = written.length === 0 ? 'does not say what the path becomes' : 'has two replacements';
			context.addIssue(fault(modifier, message, { expected: EXPECTED }));
			return;
		}
		if (type !== 'ReplaceFullPath' && type !== 'ReplacePrefixMatch') return;
		const [key = ''] = written;
		if (key === KEYS[type]) return;
		const details = { expected: `\`${KEYS[type]}\``, path: [key], isKey: true };
		context.addIssue(fault(modifier, `does not belong to \`type: ${type}\``, details));
	}, EVEN_WITH_ISSUES)
	.transform((modifier) => ({
		...modifier,
		type: modifier.type ?? (modifier.replaceFullPath === undefined ? 'ReplacePrefixMatch' : 'ReplaceFullPath'),
	}))
	.register(fieldFacts, { noun: 'a mapping', expected: EXPECTED, showsOnlySet: true });
