/**
 * Who this workload is, as of now: the certificate in force, and the contexts made of it. Certificates come and go; a
 * handshake asks for what there is, a connection keeps what it began with.
 */
import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import type { Clock, Timers } from '../clock.ts';
import { TimerEntry } from '../clock.ts';
import type { TlsConfig } from '../config/identity-config.ts';
import type { Refusal } from '../ports/handshake.ts';
import type { Log } from '../ports/log.ts';
import type { MaterialSink, MaterialSource } from './certificate-files.ts';
import { serverContext } from './contexts.ts';
import { clientJudge } from './judges.ts';
import type { Material } from './material.ts';
import type { Judge, ServerTerms } from './terms.ts';

/** How often the time that is left is looked at. */
const EXPIRY_LOOK_MS = 10_000;
/** Of its life, what is left when a warning is due: whoever renews does so at half to two thirds. */
const LATE_SHARE = 0.2;

export interface WorkloadOptions {
	readonly config: TlsConfig;
	readonly log: Log;
	readonly timers: Timers;
	readonly clock: Pick<Clock, 'wall'>;
	/** Of the certificate in force: epoch milliseconds, and its SPIFFE id; 0 and `''` without one. */
	onCertificate(expiresAt: number, id: string): void;
	/** `onMaterial` and the like are called by it. */
	source(sink: MaterialSink): MaterialSource;
}

export class Workload extends TimerEntry implements MaterialSink {
	material: Material | null = null;
	readonly config: TlsConfig;
	private readonly options: WorkloadOptions;
	private readonly source: MaterialSource;
	private terms: ServerTerms | null = null;
	private fault = '';
	/** Epoch milliseconds of the certificate that a warning was given for. */
	private warnedOf = 0;

	constructor(options: WorkloadOptions) {
		super();
		this.options = options;
		this.config = options.config;
		this.source = options.source(this);
	}

	/** Resolves after the first look: `''`, or why there is no certificate yet. */
	async start(): Promise<string> {
		this.fault = await this.source.start();
		this.lookAtExpiry();
		return this.fault;
	}

	stop(): void {
		this.source.stop();
		this.options.timers.disarm(this);
	}

	onMaterial(material: Material): void {
		const { log, onCertificate } = this.options;
		const isFirst = this.material === null;
		this.material = material;
		this.terms = null;
		this.fault = '';
		onCertificate(material.expiresAt, material.id);
		const facts = { id: material.id, expires: new Date(material.expiresAt).toISOString() };
		log.info(facts, isFirst ? 'certificate loaded' : 'certificate renewed');
	}

	onFault(reason: string): void {
		this.fault = reason;
		const kept = this.material === null ? 'there is none' : 'the last one stays in force';
		this.options.log.error({ reason }, `certificate cannot be taken over: ${kept}`);
	}

	onWell(): void {
		this.fault = '';
		this.options.log.info({}, 'certificate is kept up to date again');
	}

	onWithdrawn(reason: string): void {
		this.material = null;
		this.terms = null;
		this.fault = reason;
		this.options.onCertificate(0, '');
		this.options.log.error({ reason }, 'certificate has been withdrawn: there is none');
	}

	onLooseKey(file: string, mode: string): void {
		this.options.log.warn(
			{ file, mode },
			'others than its owner may use the private key: 0640 is enough, 0600 is best',
		);
	}

	override onTimer(): void {
		this.lookAtExpiry();
	}

	private lookAtExpiry(): void {
		const { log, timers, clock } = this.options;
		timers.arm(this, EXPIRY_LOOK_MS);
		const { material } = this;
		if (material === null || this.warnedOf === material.expiresAt) return;
		const { notBefore, expiresAt } = material;
		const left = expiresAt - clock.wall();
		if (left > (expiresAt - notBefore) * LATE_SHARE) return;
		this.warnedOf = expiresAt;
		const facts = { id: material.id, expires: new Date(expiresAt).toISOString() };
		if (left > 0) log.warn(facts, 'certificate expires soon and has not been renewed');
		else log.error(facts, 'certificate has expired');
	}

	/** Why nobody should send us anything; `''`: all is well. */
	trouble(): string {
		const { material } = this;
		if (material === null) return this.fault === '' ? 'there is no certificate yet' : `no certificate: ${this.fault}`;
		const now = this.options.clock.wall();
		if (now >= material.expiresAt)
			return `the certificate has expired at ${new Date(material.expiresAt).toISOString()}`;
		if (now < material.notBefore) return 'the certificate is not valid yet';
		return '';
	}

	/** For a client that has come. */
	serverTerms(): ServerTerms | Refusal {
		const { material } = this;
		if (material === null) return { fault: 'no_credentials', detail: this.trouble() };
		this.terms ??= this.termsOf(material);
		return this.terms;
	}

	private termsOf(material: Material): ServerTerms {
		const terms = {
			context: this.contextOf(material),
			judge: this.judgeOf(material),
			// Whoever holds such a session may have another certificate by now: without the old tickets it is asked for it.
			forget: () => {
				if (this.terms === terms) this.terms = null;
			},
		};
		return terms;
	}

	private contextOf(material: Material): SecureContext {
		return serverContext(material.texts, this.config.minVersion);
	}

	private judgeOf({ id, trustDomains, vouching }: Material): Judge {
		return clientJudge({ takesAnonymous: this.config.mode === 'permissive', ownId: id, trustDomains, vouching });
	}

	/** What `/certs` shows. Nothing of a key. */
	describe(): object {
		const { material, fault } = this;
		const { mode, source } = this.config;
		return {
			mode,
			source,
			...this.source.describe(),
			trouble: this.trouble(),
			...(fault !== '' && { rejected: fault }),
			...(material !== null && {
				id: material.id,
				serial: material.leaf.serialNumber,
				issuer: material.leaf.issuer.replaceAll('\n', ', '),
				notBefore: new Date(material.notBefore).toISOString(),
				notAfter: new Date(material.expiresAt).toISOString(),
				trustBundle: authoritiesShown(material.authorities),
				...(material.federated.size > 0 && { federated: partnersShown(material.federated) }),
			}),
		};
	}
}

function authoritiesShown(authorities: readonly X509Certificate[]): object[] {
	return authorities.map((authority) => ({
		subject: (authority.subject as string | undefined)?.replaceAll('\n', ', ') ?? '',
		notAfter: authority.validToDate.toISOString(),
		sha256: authority.fingerprint256,
	}));
}

function partnersShown(federated: Material['federated']): object {
	return Object.fromEntries([...federated].map(([domain, authorities]) => [domain, authoritiesShown(authorities)]));
}
