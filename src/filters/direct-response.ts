/** `directResponse`: the rule answers by itself. The answer is made once. */
import type { DirectResponse as DirectResponseConfig } from '../config/config.ts';
import type { Answer, RequestFilter } from './filter.ts';

const PLAIN_TEXT = { name: 'content-type', value: 'text/plain; charset=utf-8' } as const;

export class DirectResponse implements RequestFilter {
	private readonly answer: Answer;

	constructor({ status, body, headers }: DirectResponseConfig) {
		const saysType = headers.some(({ name }) => name.toLowerCase() === PLAIN_TEXT.name);
		const all = body === '' || saysType ? headers : [PLAIN_TEXT, ...headers];
		this.answer = { kind: 'answer', made: 'direct_response', status, headers: all, body };
	}

	onRequest(): Answer {
		return this.answer;
	}
}
