/** Ways of asking whether somebody is well. What the answers mean, and when to ask, is the business of whoever asks. */

export interface ProbeListener {
	/** `null`: all is well, else what was seen. */
	onProbed(failure: string | null): void;
}

/** Asks one endpoint in one way, one question at a time. Its deadline is the asker's. */
export interface Probe {
	/** The listener hears of the outcome once, never before this returns; not at all after `cancel` or `close`. */
	ask(listener: ProbeListener): void;
	/** Gives up the question under way. Says what did not happen ("no connection", …). */
	cancel(): string;
	/** Gives everything up. Idempotent, and the last call. */
	close(): void;
}

/** What health checks call themselves, so that an app's log can leave them out. */
export const PROBE_USER_AGENT = 'outrigger-health';
