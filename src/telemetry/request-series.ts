/**
 * Finds the histogram slot of a finished exchange: route → service → method → (status, error) → slot.
 *
 * Each step is an array or integer lookup, and the last service of each route and the last key of each row are
 * remembered, since most requests of a route end alike. Label objects are made only the first time a combination is
 * seen; the number of rows is bounded by the routes and services of the file, the methods known here, the statuses and
 * our own closed list of codes.
 */
import { ERROR_CODES, type ErrorCode } from '../error.ts';
import type { ExchangeRecord, RouteSeries } from '../ports/telemetry.ts';
import { type HotFamily, OVERFLOW_SLOT } from './hot-family.ts';
import type { PathTemplates } from './path-templates.ts';

/** Methods with a label value of their own (OpenTelemetry's known methods); the rest is `_OTHER`. */
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE', '_OTHER'] as const;
const OTHER_METHOD = METHODS.length - 1;

/** Error codes by index, from 1 on: 0 is no error. */
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const CODE_INDEX = new Map<string, number>(CODES.map((code, index) => [code, index + 1]));
/** A key is the code's index times this plus the status, which is below it. */
const KEY_STATUS_SPAN = 1024;
const FIRST_SERVER_ERROR = 500;
const NO_KEY = -1;

function methodIndex(method: string): number {
	switch (method) {
		case 'GET':
			return 0;
		case 'POST':
			return 1;
		case 'PUT':
			return 2;
		case 'DELETE':
			return 3;
		case 'PATCH':
			return 4;
		case 'HEAD':
			return 5;
		case 'OPTIONS':
			return 6;
		case 'CONNECT':
			return 7;
		case 'TRACE':
			return 8;
		default:
			return OTHER_METHOD;
	}
}

class Row {
	lastKey = NO_KEY;
	lastSlot = OVERFLOW_SLOT;
	readonly slots = new Map<number, number>();
}

/** By method. */
type Rows = (Row | undefined)[];

/** Series of one route. */
export class BoundRoute implements RouteSeries {
	readonly route: string;
	private readonly rows = new Map<string, Rows>();
	private lastService = '';
	private lastRows: Rows | null = null;

	constructor(route: string) {
		this.route = route;
	}

	/** `service`: `''` where the family does not tell services apart. */
	row(service: string, method: number): Row {
		const rows = this.lastRows !== null && service === this.lastService ? this.lastRows : this.rowsOf(service);
		let row = rows[method];
		if (row === undefined) {
			row = new Row();
			rows[method] = row;
		}
		return row;
	}

	private rowsOf(service: string): Rows {
		let rows = this.rows.get(service);
		if (rows === undefined) {
			rows = new Array<Row | undefined>(METHODS.length).fill(undefined);
			this.rows.set(service, rows);
		}
		this.lastService = service;
		this.lastRows = rows;
		return rows;
	}
}

/** What `routeSeries` hands out when path templates may rename the route request by request. */
export class TemplatedRoute implements RouteSeries {
	readonly route: string;
	readonly templates: PathTemplates;
	readonly fallback: BoundRoute;

	constructor(fallback: BoundRoute, templates: PathTemplates) {
		this.route = fallback.route;
		this.fallback = fallback;
		this.templates = templates;
	}
}

export class RequestSeries {
	private readonly family: HotFamily;
	/** The family has the label `service`. */
	private readonly hasService: boolean;
	private readonly routes = new Map<string, BoundRoute>();

	constructor(family: HotFamily) {
		this.family = family;
		this.hasService = family.labelNames.includes('service');
	}

	/** The same object for the same name, so that counts live on when the route table is built anew. */
	bind(route: string): BoundRoute {
		const known = this.routes.get(route);
		if (known !== undefined) return known;
		const bound = new BoundRoute(route);
		this.routes.set(route, bound);
		return bound;
	}

	/** The label by which an exchange's route is known. */
	routeOf(record: ExchangeRecord): string {
		return this.boundOf(record.series, record).route;
	}

	slotOf(series: RouteSeries | null, record: ExchangeRecord): number {
		const bound = this.boundOf(series, record);
		const method = methodIndex(record.method);
		const service = this.hasService ? record.service : '';
		const row = bound.row(service, method);
		const code = record.errorCode === '' ? 0 : (CODE_INDEX.get(record.errorCode) ?? 0);
		const key = code * KEY_STATUS_SPAN + record.status;
		if (row.lastKey === key) return row.lastSlot;
		let slot = row.slots.get(key);
		if (slot === undefined) {
			slot = this.intern(bound.route, service, method, record.status, code);
			// The overflow is not remembered: a reload may raise the cap.
			if (slot === OVERFLOW_SLOT) return slot;
			row.slots.set(key, slot);
		}
		row.lastKey = key;
		row.lastSlot = slot;
		return slot;
	}

	private boundOf(series: RouteSeries | null, record: ExchangeRecord): BoundRoute {
		return series instanceof BoundRoute ? series : this.resolve(series, record);
	}

	private resolve(series: RouteSeries | null, record: ExchangeRecord): BoundRoute {
		if (!(series instanceof TemplatedRoute)) return this.bind(record.route);
		const template = series.templates.match(record.target);
		return template === '' ? series.fallback : this.bind(template);
	}

	private intern(route: string, service: string, method: number, status: number, code: number): number {
		const upstreamError = status >= FIRST_SERVER_ERROR ? String(status) : '';
		return this.family.intern({
			http_request_method: METHODS[method] ?? '_OTHER',
			http_response_status_code: String(status),
			http_route: route,
			error_type: code === 0 ? upstreamError : (CODES[code - 1] ?? ''),
			...(this.hasService ? { service } : {}),
		});
	}
}
