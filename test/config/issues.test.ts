import { describe, expect, it } from 'vitest';
import { formatIssue, type Issue } from '../../src/config/issue.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { mistakesIn } from '../support/mistakes.ts';

const APP = 'app: { port: 8080 }\n';
const INBOUND = 'inbound: { listen: 8000 }\n';
const rule = (yaml: string): string => `${APP}inbound:\n  listen: 8000\n  routes:\n    - ${yaml}\n`;
const RULE_KEYS =
	'one of `name`, `hostnames`, `matches`, `filters`, `backendRefs`, `timeouts`, `retry`, `hedge`, `sessionPersistence`, `rateLimit`, `fault`, `directResponse`, `limits`, `authorization`';

it('tells all mistakes of a file at once, in the order of the file', () => {
	const text = `app: { port: 8080, protocoll: auto }
inbound:
  listen: 8000
  unmatched: maybe
  routes:
    - { name: a, timeouts: { request: soon } }
    - { name: a, retries: 3 }
  listen: 8001
tls: {}
limits: { headers: none }
`;
	expect(mistakesIn(text).map((mistake) => mistake.split(' ')[0])).toEqual([
		'1:20',
		'4:14',
		'6:39',
		'7:15',
		'7:18',
		'8:3',
		'9:1',
		'10:20',
	]);
});

it('tells several faults of the YAML itself at once', () => {
	const lines = mistakesIn('app: { port: 8080 }\ninbound: a: b\nadmin: "open\nx: @foo\n').map((m) => m.split(' ')[0]);
	expect(lines.length).toBeGreaterThan(1);
	expect(lines[0]).toBe('2:10');
});

it('shows the offending line with a caret, what was expected, and the nearest known key', () => {
	const result = parseConfig(rule('hostname: [a]'), 'routes/shop.yaml', () => undefined);
	expect(result.ok ? [] : result.issues.map((issue) => formatIssue(issue))).toEqual([
		[
			'routes/shop.yaml:5:7: unknown key `hostname` in `inbound.routes[0]`',
			'      - hostname: [a]',
			'        ^^^^^^^^',
			`  expected ${RULE_KEYS}`,
			'  did you mean `hostnames`?',
		].join('\n'),
	]);
});

it('shows the part around the fault of a line that is long', () => {
	const routes = Array.from({ length: 200 }, (_, i) => ({ name: `r${i}`, nam: i }));
	const text = JSON.stringify({ app: { port: 8080 }, inbound: { listen: 8000, routes } });
	const result = parseConfig(text, 'a.yaml', () => undefined);
	const issues = result.ok ? [] : result.issues;
	expect(issues).toHaveLength(200);
	for (const { excerpt, excerptColumn, column, length } of issues) {
		expect(excerpt.length).toBeLessThanOrEqual(160);
		expect(excerpt.slice(column - excerptColumn, column - excerptColumn + length)).toBe('"nam"');
	}
	const [, line = '', caret = ''] = formatIssue(issues[150] as Issue).split('\n');
	expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('"nam"');
});

it('shows nothing that a terminal would obey', () => {
	const text = `${APP}${INBOUND}"\\e[2J": \u009b2J # \u202e \x1b[31m\n`;
	const result = parseConfig(text, 'a\x1b[31m.yaml', () => undefined);
	const shown = result.ok ? '' : result.issues.map((issue) => formatIssue(issue)).join('\n');
	expect(shown).toContain('3:1: unknown key `\ufffd[2J`');
	expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

it('tells a mistake inside an anchor once, however often it is used', () => {
	const text = `x-a: &slow { timeouts: { request: soon } }\n${rule('<<: *slow\n    - <<: *slow\n    - *slow')}`;
	expect(mistakesIn(text)).toHaveLength(1);
	expect(mistakesIn(text)[0]).toMatch(/^1:35 /);
});

it('never says what a value from the environment is', () => {
	const secret = 's3cr3t-value';
	const text =
		'app: { port: 8080, protocol: "${SECRET}" }\ninbound: { listen: "${SECRET}", unmatched: "x${SECRET}" }\n';
	const result = parseConfig(text, 'r.yaml', () => secret);
	expect(result.ok).toBe(false);
	expect(JSON.stringify(result)).not.toContain(secret);
	expect(mistakesIn(text, { SECRET: secret })).toEqual([
		'1:30 `app.protocol` is not one of its values | one of `auto`, `http1`, `tcp` | the value comes from `SECRET`',
		'2:20 `inbound.listen` is not an address to listen on | a port, `"host:port"` or `{ port: 8000 }` | the value comes from `SECRET`',
		'2:44 `inbound.unmatched` is not one of its values | one of `app`, `reject` | the value comes from `SECRET`',
	]);
});

describe('hostile YAML', () => {
	it('refuses aliases that multiply', () => {
		const levels = Array.from({ length: 30 }, (_, i) => `x-${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
		const text = `x-0: &a0 [1]\n${levels.join('\n')}\n${APP}${INBOUND}`;
		expect(mistakesIn(text).some((mistake) => mistake.includes('aliases expand to more than'))).toBe(true);
	});

	it('refuses nesting that no stack holds', () => {
		expect(mistakesIn(`x-a: ${'['.repeat(50_000)}`).length).toBeGreaterThan(0);
	});

	it('takes `__proto__` and `constructor` for the unknown keys that they are', () => {
		const text = `${APP}${INBOUND}__proto__: { workers: 4 }\nconstructor: 1\n`;
		expect(mistakesIn(text).map((mistake) => mistake.split(' | ')[0])).toEqual([
			'3:1 unknown key `__proto__`',
			'4:1 unknown key `constructor`',
		]);
	});
});

it('does not guess at what came from the environment', () => {
	const tests = 'tests: [{ request: {}, expect: { route: s3crets } }]\n';
	const text = `${rule('name: "${NAME}"\n      matches: [{ path: /a }]')}${tests}`;
	const [mistake] = mistakesIn(text, { NAME: 's3cret' });
	expect(mistake).toContain('`tests[0].expect.route` is the name of no rule');
	expect(mistake).not.toContain('did you mean');
	expect(mistakesIn(text.replace('"${NAME}"', 's3cret'))[0]).toContain('did you mean `s3cret`?');
});
