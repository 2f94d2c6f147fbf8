/**
 * `grpc-timeout`: how long the caller of a gRPC method will wait (gRPC over HTTP/2, "Requests": 1 to 8 digits and a unit).
 *
 * The specification wants a positive number, but clients write `0n` for a deadline that has passed, so 0 is taken as just
 * that. What is malformed, or said twice, states nothing: it is ignored, as Envoy does, and goes on as it came.
 */
import { FieldId } from './field-id.ts';
import type { HeaderList } from './header-list.ts';
import { isGrpcContentType } from './local-reply.ts';

const FORM = /^\d{1,8}[HMSmun]$/;
const MAX_VALUE = 99_999_999;
/** Milliseconds of each unit, the finest first. */
const UNITS: readonly (readonly [string, number])[] = [
	['n', 1e-6],
	['u', 1e-3],
	['m', 1],
	['S', 1000],
	['M', 60_000],
	['H', 3_600_000],
];
const MS_OF = new Map(UNITS);
/** The shortest there is: what is left when nothing is. */
const SHORTEST = '1n';

/** Milliseconds, with a fraction; `null` when it is malformed. */
export function parseGrpcTimeout(value: string): number | null {
	if (!FORM.test(value)) return null;
	return Number(value.slice(0, -1)) * (MS_OF.get(value.slice(-1)) ?? 0);
}

/** In the finest unit that holds it, and rounded down: the next hop never gets more time than there is. */
export function formatGrpcTimeout(ms: number): string {
	for (const [unit, length] of UNITS) {
		const count = Math.floor(ms / length);
		if (count <= MAX_VALUE) return count < 1 ? SHORTEST : `${count}${unit}`;
	}
	return `${MAX_VALUE}H`;
}

/** What a request states: milliseconds, or `null` when it is no gRPC or states nothing. */
export function grpcTimeoutOf(headers: HeaderList): number | null {
	// Asked first: next to no request has it.
	const value = headers.first(FieldId.grpcTimeout);
	if (value === undefined || !isGrpcContentType(headers.first(FieldId.contentType))) return null;
	return headers.getAll('grpc-timeout').length === 1 ? parseGrpcTimeout(value) : null;
}

/** Lowers what the next hop is told to the time that is left. Never raises it, nor adds what is not there. */
export function lowerGrpcTimeout(headers: HeaderList, leftMs: number): void {
	const value = headers.first(FieldId.grpcTimeout);
	const told = value === undefined ? null : parseGrpcTimeout(value);
	if (told !== null && leftMs < told) headers.setId(FieldId.grpcTimeout, formatGrpcTimeout(leftMs));
}
