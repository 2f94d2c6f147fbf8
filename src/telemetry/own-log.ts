/**
 * The sidecar's own log: pino writing JSON lines to a `LogStream`, or one readable line each for a terminal.
 * An `err` field is an Error, with its stack and cause (pino's own serializer).
 */
import pino from 'pino';
import type { Log } from '../ports/log.ts';
import type { LineWriter } from './log-stream.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface OwnLogOptions {
	readonly level: LogLevel;
	readonly stream: LineWriter;
	/** Readable lines instead of JSON: the stream is a terminal. */
	readonly isHuman: boolean;
}

export class OwnLog implements Log {
	private readonly pino: pino.Logger;

	constructor({ level, stream, isHuman }: OwnLogOptions) {
		const destination = isHuman ? { write: (line: string) => stream.write(humanLine(line)) } : stream;
		this.pino = pino(
			{
				level,
				base: { kind: 'log' },
				timestamp: pino.stdTimeFunctions.isoTime,
				messageKey: 'message',
				formatters: { level: (label) => ({ level: label }) },
			},
			destination,
		);
	}

	get level(): LogLevel {
		return LOG_LEVELS.find((level) => level === this.pino.level) ?? 'info';
	}

	set level(level: LogLevel) {
		this.pino.level = level;
	}

	debug(fields: Record<string, unknown>, message: string): void {
		this.pino.debug(fields, message);
	}

	info(fields: Record<string, unknown>, message: string): void {
		this.pino.info(fields, message);
	}

	warn(fields: Record<string, unknown>, message: string): void {
		this.pino.warn(fields, message);
	}

	error(fields: Record<string, unknown>, message: string): void {
		this.pino.error(fields, message);
	}
}

export function isLogLevel(text: string): text is LogLevel {
	return LOG_LEVELS.some((level) => level === text);
}

/** `12:00:00.000 warn  message  key=value …` of one of our JSON lines. */
function humanLine(json: string): string {
	const { time, level, kind: _, message, ...fields } = JSON.parse(json) as Record<string, unknown>;
	const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
	const clock = String(time).slice('YYYY-MM-DDT'.length, -1);
	// A terminal obeys control characters in what it prints.
	const line = `${clock} ${String(level).padEnd('error'.length)} ${message}${pairs.join('')}`;
	return `${line.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')}\n`;
}
