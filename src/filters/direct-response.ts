/** `directResponse`: the rule answers in place of any backend, always the same. */
import type { DirectResponse } from '../config/config.ts';
import type { Answer, RequestFilter } from './filter.ts';

const DEFAULT_CONTENT_TYPE = { name: 'content-type', value: 'text/plain; charset=utf-8' };

export class DirectResponder implements RequestFilter {
	readonly #answer: Answer;

	constructor({ status, body, headers }: DirectResponse) {
		const isTyped = body === '' || headers.some(({ name }) => name.toLowerCase() === 'content-type');
		this.#answer = {
			kind: 'answer',
			made: 'direct_response',
			status,
			headers: isTyped ? headers : [DEFAULT_CONTENT_TYPE, ...headers],
			body,
		};
	}

	onRequest(): Answer {
		return this.#answer;
	}
}
