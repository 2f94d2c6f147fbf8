/** RequestHeaderModifier and ResponseHeaderModifier: one action for each name, looked up when the rule is compiled. */
import type { HeaderEdits, HeaderValue } from '../config/config.ts';
import { fieldIdOf } from '../http/field-id.ts';
import type { RequestHead, ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { FilteredRequest, RequestFilter, ResponseFilter } from './filter.ts';

interface Field {
	readonly name: string;
	readonly lowerName: string;
	readonly id: number;
	readonly value: string;
}

function fieldOf({ name, value }: HeaderValue): Field {
	const lowerName = name.toLowerCase();
	return { name, lowerName, id: fieldIdOf(lowerName), value };
}

class Edits {
	private readonly removed: readonly string[];
	private readonly appended: readonly Field[];

	constructor({ set, add, remove }: HeaderEdits) {
		this.removed = [...remove, ...set.map(({ name }) => name.toLowerCase())];
		this.appended = [...set, ...add].map(fieldOf);
	}

	apply(headers: HeaderList): void {
		for (let i = 0; i < this.removed.length; i++) headers.remove(this.removed[i] as string);
		for (let i = 0; i < this.appended.length; i++) {
			const { name, id, value } = this.appended[i] as Field;
			headers.appendField(name, id, value);
		}
	}
}

export class RequestHeaderModifier implements RequestFilter {
	private readonly edits: Edits;

	constructor(edits: HeaderEdits) {
		this.edits = new Edits(edits);
	}

	onRequest({ head }: { readonly head: RequestHead }): null {
		this.edits.apply(head.headers);
		return null;
	}
}

export class ResponseHeaderModifier implements ResponseFilter {
	readonly editsFailures = false;
	private readonly edits: Edits;

	constructor(edits: HeaderEdits) {
		this.edits = new Edits(edits);
	}

	onResponse(head: ResponseHead, _request: FilteredRequest): void {
		this.edits.apply(head.headers);
	}
}
