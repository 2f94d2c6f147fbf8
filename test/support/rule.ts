/** A rule with nothing but defaults, for tests that look at one part of it. */
import type { Rule } from '../../src/config/config.ts';

export function ruleOf(parts: Partial<Rule> = {}): Rule {
	return {
		name: 'rule',
		isNamed: true,
		origin: '',
		hostnames: [],
		matches: [{ path: { type: 'PathPrefix', value: '/' }, methods: [], headers: [], queryParams: [] }],
		filters: [],
		backendRefs: [{ label: 'app', service: 'app', subset: '', port: 0, invalid: '', weight: 1, filters: [] }],
		isByHost: false,
		timeouts: { request: 0, backendRequest: 0, idle: 0, requestIsExplicit: false, idleIsExplicit: false },
		retry: null,
		sessionPersistence: null,
		rateLimit: null,
		fault: null,
		directResponse: null,
		hedge: null,
		authorization: null,
		limits: { requestBody: 0 },
		at: { file: 'test.yaml', line: 1, column: 1 },
		...parts,
	};
}
