/**
 * Looks at something each time that it may have changed, one look at a time: however many alarms come during a look, they
 * make for one more after it.
 */
export class CalmLooks {
	private readonly look: () => Promise<void>;
	private isLooking = false;
	private isAlarmed = false;
	private isStopped = false;

	/** `look`: tells itself of what goes wrong. A rejection only ends the looks until the next alarm. */
	constructor(look: () => Promise<void>) {
		this.look = look;
	}

	/** It may have changed. */
	alarm(): void {
		this.isAlarmed = true;
		if (this.isLooking) return;
		this.isLooking = true;
		const calm = (): void => {
			this.isLooking = false;
		};
		this.lookUntilCalm().then(calm, calm);
	}

	/** No look is begun any more; one under way is not broken off. */
	stop(): void {
		this.isStopped = true;
	}

	private async lookUntilCalm(): Promise<void> {
		while (this.isAlarmed && !this.isStopped) {
			this.isAlarmed = false;
			await this.look();
		}
	}
}
