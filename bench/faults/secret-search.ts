/** Finds a text in a stream of bytes, wherever it is cut into pieces. */
export class SecretSearch {
	/** Times that it was there. */
	count = 0;
	private readonly secret: Buffer;
	/** What may be the beginning of it. */
	private tail = Buffer.alloc(0);

	/** `secret`: one that cannot overlap with itself. */
	constructor(secret: string) {
		this.secret = Buffer.from(secret, 'latin1');
	}

	add(chunk: Buffer): void {
		const { secret } = this;
		const text = this.tail.length === 0 ? chunk : Buffer.concat([this.tail, chunk]);
		for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + secret.length)) this.count++;
		this.tail = Buffer.from(text.subarray(Math.max(0, text.length - secret.length + 1)));
	}
}
