/**
 * The header fields of one message, shared by every protocol: ordered, duplicates and case kept.
 *
 * Theory of operation. A parsed HTTP/1 head stays what it came as: one latin1 string (`text`) and five integers a field
 * (`spans`). A field becomes strings of its own only when somebody asks for it. Edits never touch the text: a removed
 * field is marked, a new one goes to `added`. So the HTTP/1 writer can copy whole runs of untouched lines with one
 * slice, and a codec that has no text (HTTP/2) uses `added` alone.
 *
 * A list that a codec filled is borrowed: it is valid until the connection parses its next head. Whoever keeps it longer
 * takes `clone()`.
 */
import { FIELD_NAMES, type FieldId, fieldIdOf } from './field-id.ts';

/** Integers a parsed field takes in `spans`: name start, name end, value start, value end, `FieldId`. */
export const SPAN = 5;
/** Fields that fit before the span table grows; most requests have fewer than 16. */
const INITIAL_FIELDS = 16;
const REMOVED = -1;

export class HeaderList {
	/** The raw head; spans are offsets in it. */
	text = '';
	/** Offset in `text` of the first field line. */
	textStart = 0;
	/** Offset in `text` just after the last field line (where the empty line starts). */
	textEnd = 0;
	spans: Int32Array = new Int32Array(INITIAL_FIELDS * SPAN);
	/** Number of parsed fields, removed ones included. */
	parsed = 0;
	/** How many parsed fields are marked as removed. */
	removedCount = 0;
	/** name, value, name, value … of the fields that were added after parsing. */
	readonly added: string[] = [];
	/** `FieldId` of each added field. */
	readonly addedIds: number[] = [];

	/** Forgets everything; capacity stays. */
	reset(): void {
		this.text = '';
		this.textStart = 0;
		this.textEnd = 0;
		this.parsed = 0;
		this.removedCount = 0;
		this.forgetAdded();
	}

	/** Only what was parsed is left. */
	forgetAdded(): void {
		const { added, addedIds } = this;
		// To set their length to 0 would give their memory back, and the next field would ask for it again.
		while (addedIds.length > 0) {
			addedIds.pop();
			added.pop();
			added.pop();
		}
	}

	/** Room for one more parsed field; a codec calls it before it writes a span. */
	growSpans(): void {
		const bigger = new Int32Array(this.spans.length * 2);
		bigger.set(this.spans);
		this.spans = bigger;
	}

	/** Number of live fields. */
	get size(): number {
		return this.parsed - this.removedCount + this.addedIds.length;
	}

	/** Index of the first live parsed field with this id from `from` on; -1 when there is none. */
	indexOf(id: number, from = 0): number {
		const { spans, parsed } = this;
		for (let i = from; i < parsed; i++) {
			if (spans[i * SPAN + 4] === id && spans[i * SPAN] !== REMOVED) return i;
		}
		return -1;
	}

	/** Value of the parsed field at an index, surrounding whitespace excluded. */
	valueAt(index: number): string {
		const o = index * SPAN;
		return this.text.slice(this.spans[o + 2] as number, this.spans[o + 3] as number);
	}

	/** Name as it was written. The field must not have been removed. */
	nameAt(index: number): string {
		const o = index * SPAN;
		return this.text.slice(this.spans[o] as number, this.spans[o + 1] as number);
	}

	isRemoved(index: number): boolean {
		return this.spans[index * SPAN] === REMOVED;
	}

	/** Whether there is a live field of this id; makes no string. */
	hasId(id: number): boolean {
		return this.indexOf(id) >= 0 || this.addedIds.includes(id);
	}

	/** First live value of a known field, parsed before added; `undefined` when absent. */
	first(id: number): string | undefined {
		const i = this.indexOf(id);
		if (i >= 0) return this.valueAt(i);
		const k = this.addedIds.indexOf(id);
		return k < 0 ? undefined : this.added[k * 2 + 1];
	}

	/** First value of a known field as it was parsed, whatever edits have made of it; without a text what there is now. */
	received(id: number): string | undefined {
		if (this.text === '') return this.first(id);
		const { spans, parsed } = this;
		for (let i = 0; i < parsed; i++) {
			if (spans[i * SPAN + 4] === id) return this.valueAt(i);
		}
		return undefined;
	}

	private firstAdded(lowerName: string): string | undefined {
		const { added } = this;
		for (let i = 0; i < added.length; i += 2) {
			if (isSameName(added[i] as string, lowerName)) return added[i + 1];
		}
		return undefined;
	}

	/** First live value of any field by its lower-case name. */
	get(lowerName: string): string | undefined {
		const id = fieldIdOf(lowerName);
		if (id !== 0) return this.first(id);
		for (let i = 0; i < this.parsed; i++) {
			if (this.isNamed(i, lowerName)) return this.valueAt(i);
		}
		return this.firstAdded(lowerName);
	}

	/** All live values of a field by its lower-case name, in order. */
	getAll(lowerName: string): string[] {
		const values: string[] = [];
		this.forEach((name, value) => {
			if (isSameName(name, lowerName)) values.push(value);
		});
		return values;
	}

	/** All live values of a field as one, joined by commas (RFC 9110 §5.3); `undefined` when there is none. */
	joined(lowerName: string): string | undefined {
		const first = this.get(lowerName);
		if (first === undefined || !this.isRepeated(lowerName)) return first;
		return this.getAll(lowerName).join(',');
	}

	private isRepeated(lowerName: string): boolean {
		let count = 0;
		const id = fieldIdOf(lowerName);
		for (let i = 0; i < this.parsed; i++) {
			const isSame = id === 0 ? this.isNamed(i, lowerName) : this.spans[i * SPAN + 4] === id && !this.isRemoved(i);
			if (isSame && ++count > 1) return true;
		}
		for (let k = 0; k < this.addedIds.length; k++) {
			if (isSameName(this.added[k * 2] as string, lowerName) && ++count > 1) return true;
		}
		return false;
	}

	has(lowerName: string): boolean {
		return this.get(lowerName) !== undefined;
	}

	/**
	 * Place of the next live field of a name from `from` on, parsed ones before added ones; -1 when there is none. `id` is
	 * `fieldIdOf(lowerName)`. Makes no strings, so it is for whoever looks at each line by itself (`valueIn`).
	 */
	nextPlace(id: number, lowerName: string, from: number): number {
		const { parsed, added, addedIds } = this;
		for (let i = from; i < parsed; i++) {
			const isIt = id === 0 ? this.isNamed(i, lowerName) : this.spans[i * SPAN + 4] === id && !this.isRemoved(i);
			if (isIt) return i;
		}
		for (let k = Math.max(0, from - parsed); k < addedIds.length; k++) {
			if (id === 0 ? isSameName(added[k * 2] as string, lowerName) : addedIds[k] === id) return parsed + k;
		}
		return -1;
	}

	/** Value of the line at a place that `nextPlace` gave. */
	valueIn(place: number): string {
		return place < this.parsed ? this.valueAt(place) : (this.added[(place - this.parsed) * 2 + 1] as string);
	}

	private isNamed(index: number, lowerName: string): boolean {
		const o = index * SPAN;
		const start = this.spans[o] as number;
		const end = this.spans[o + 1] as number;
		return (
			start !== REMOVED && end - start === lowerName.length && this.text.slice(start, end).toLowerCase() === lowerName
		);
	}

	removeAt(index: number): void {
		const o = index * SPAN;
		if (this.spans[o] === REMOVED) return;
		this.spans[o] = REMOVED;
		this.removedCount++;
	}

	/** Removes every live field of this id, parsed and added. */
	removeId(id: number): void {
		for (let i = this.indexOf(id); i >= 0; i = this.indexOf(id, i + 1)) this.removeAt(i);
		for (let k = this.addedIds.lastIndexOf(id); k >= 0; k = this.addedIds.lastIndexOf(id)) this.removeAddedAt(k);
	}

	/** Removes every live field of this lower-case name. */
	remove(lowerName: string): void {
		const id = fieldIdOf(lowerName);
		if (id !== 0) this.removeId(id);
		else this.removeOther(lowerName);
	}

	/** The same for a name that is known to have no id: nothing has to be looked up. */
	removeOther(lowerName: string): void {
		for (let i = 0; i < this.parsed; i++) {
			if (this.isNamed(i, lowerName)) this.removeAt(i);
		}
		for (let k = this.addedIds.length - 1; k >= 0; k--) {
			if (isSameName(this.added[k * 2] as string, lowerName)) this.removeAddedAt(k);
		}
	}

	private removeAddedAt(k: number): void {
		this.added.splice(k * 2, 2);
		this.addedIds.splice(k, 1);
	}

	/** Adds a field after all others. The caller vouches for its syntax. */
	append(name: string, value: string): void {
		this.appendAs(fieldIdOf(name.toLowerCase()), name, value);
	}

	/** The same when the id of the name (`fieldIdOf`) is known already. */
	appendAs(id: number, name: string, value: string): void {
		this.added.push(name, value);
		this.addedIds.push(id);
	}

	/** The same for a known field, under its lower-case name: nothing has to be looked up. */
	appendId(id: FieldId, value: string): void {
		this.added.push(FIELD_NAMES[id] as string, value);
		this.addedIds.push(id);
	}

	/** Replaces all fields of this lower-case name by one. */
	set(lowerName: string, value: string): void {
		this.remove(lowerName);
		this.append(lowerName, value);
	}

	/** The same for a known field. */
	setId(id: FieldId, value: string): void {
		if (this.hasId(id)) this.removeId(id);
		this.appendId(id, value);
	}

	/** Calls `visit` for each live field, parsed ones first. Not for the hot path: it makes the strings. */
	forEach(visit: (name: string, value: string) => void): void {
		for (let i = 0; i < this.parsed; i++) {
			if (!this.isRemoved(i)) visit(this.nameAt(i), this.valueAt(i));
		}
		const { added } = this;
		for (let i = 0; i < added.length; i += 2) visit(added[i] as string, added[i + 1] as string);
	}

	/** A list of its own that outlives the connection's next head. */
	clone(): HeaderList {
		const copy = new HeaderList();
		this.forEach((name, value) => {
			copy.append(name, value);
		});
		return copy;
	}
}

/** The length rules nearly all names out before a lower-case copy is made. */
function isSameName(name: string, lowerName: string): boolean {
	return name === lowerName || (name.length === lowerName.length && name.toLowerCase() === lowerName);
}
