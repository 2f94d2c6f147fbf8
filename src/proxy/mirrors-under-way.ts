/** All copies of requests of a process: they outlive their exchanges, and the file that they were made by. */

interface Cuttable {
	cut(): void;
}

export class MirrorsUnderWay {
	private readonly all = new Set<Cuttable>();

	add(mirror: Cuttable): void {
		this.all.add(mirror);
	}

	remove(mirror: Cuttable): void {
		this.all.delete(mirror);
	}

	/** The sidecar stops. */
	cut(): void {
		for (const mirror of this.all) mirror.cut();
	}
}
