import type * as z from 'zod';
import { targetKeys } from './backend-target.ts';
import { block, fieldFacts, integer, listOf, shared } from './field.ts';
import { filterList } from './filters.ts';

/** The Gateway API's bounds. */
const MAX_BACKENDS = 16;
const MAX_WEIGHT = 1_000_000;

const backendRef = shared(
	'backendRef',
	block({
		...targetKeys,
		weight: integer(0, MAX_WEIGHT).prefault(1).describe("Share of the requests among the rule's backends; `0`: none."),
		filters: filterList.prefault([]).describe("Filters for requests that go to this backend, after the rule's own."),
	}),
);

/** None at all is no mistake of form: whatever nothing else answers gets 500, as in the Gateway API. */
export const backendRefs = listOf(backendRef, MAX_BACKENDS).register(fieldFacts, {
	noun: 'a list',
	expected: `a list of at most ${MAX_BACKENDS} such as \`[{ name: payments }]\``,
});
export type BackendRefsInput = z.output<typeof backendRefs>;
