/**
 * RequestHeaderModifier and ResponseHeaderModifier of the Gateway API. A name has one action, so their order tells
 * nothing. The route file lets no field through that frames a message or belongs to one connection, nor `host`.
 */
import type { HeaderEdits, HeaderValue } from '../config/config.ts';
import { fieldIdOf } from '../http/field-id.ts';
import type { ResponseHead } from '../http/head.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { FilteredRequest, RequestFilter, ResponseFilter } from './filter.ts';

/** A name in the forms in which a header list is asked, made once. */
interface Field {
	readonly id: number;
	readonly lowerName: string;
}

interface FieldLine extends Field {
	/** In the case in which the file has it. */
	readonly name: string;
	readonly value: string;
}

class HeaderEditor {
	/** What is taken away: `remove`, and what `set` replaces. */
	readonly #removed: readonly Field[];
	/** What goes after all others: `set`, then `add`. */
	readonly #appended: readonly FieldLine[];

	constructor({ set, add, remove }: HeaderEdits) {
		this.#appended = [...set, ...add].map(fieldLine);
		this.#removed = [...remove, ...set.map(({ name }) => name)].map(field);
	}

	edit(headers: HeaderList): void {
		const removed = this.#removed;
		for (let i = 0; i < removed.length; i++) {
			const { id, lowerName } = removed[i] as Field;
			if (id === 0) headers.removeOther(lowerName);
			else headers.removeId(id);
		}
		const appended = this.#appended;
		for (let i = 0; i < appended.length; i++) {
			const { id, name, value } = appended[i] as FieldLine;
			headers.appendAs(id, name, value);
		}
	}
}

function field(name: string): Field {
	const lowerName = name.toLowerCase();
	return { id: fieldIdOf(lowerName), lowerName };
}

function fieldLine({ name, value }: HeaderValue): FieldLine {
	return { ...field(name), name, value };
}

export class RequestHeaderModifier implements RequestFilter {
	readonly #editor: HeaderEditor;

	constructor(edits: HeaderEdits) {
		this.#editor = new HeaderEditor(edits);
	}

	onRequest(request: FilteredRequest): null {
		this.#editor.edit(request.head.headers);
		return null;
	}
}

export class ResponseHeaderModifier implements ResponseFilter {
	readonly editsFailures = false;
	readonly #editor: HeaderEditor;

	constructor(edits: HeaderEdits) {
		this.#editor = new HeaderEditor(edits);
	}

	onResponse(head: ResponseHead): void {
		this.#editor.edit(head.headers);
	}
}
