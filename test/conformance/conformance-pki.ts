/** The certificates that the suite makes before it runs: of its servers that speak TLS, and of the gateway. */
import { type Identity, type IdentityFiles, Pki } from '../support/pki.ts';
import type { Manifest } from './suite.ts';

const NAMESPACE = 'gateway-conformance-infra';
/** The suite's own: names that its tests expect a backend to have. */
const BACKEND_ID = 'spiffe://abc.example.com/test-identity';
const BACKEND_HOSTS = ['abc.example.com', 'other.example.com'];
/** Hosts of listeners of its gateways. */
const LISTENER_HOSTS = ['example.org', 'https-listener.org', 'second-example.org', 'unknown-example.org'];

export class ConformancePki {
	readonly backend: Identity;
	readonly #backends = new Pki('abc.example.com');
	readonly #others = new Pki('abc.example.com', 'somebody else');
	readonly #gateways = new Pki('gateway.example');
	#files: IdentityFiles | null = null;

	constructor() {
		this.backend = this.#backends.leaf(BACKEND_ID, { dns: BACKEND_HOSTS });
	}

	/** What `BackendTLSPolicy` documents refer to. */
	get configMaps(): readonly Manifest[] {
		return [configMap('tls-checks-ca-certificate', this.#backends), configMap('mismatch-ca-certificate', this.#others)];
	}

	/** Of the sidecar that stands for a gateway with listeners of HTTPS. */
	get gateway(): IdentityFiles {
		const id = 'spiffe://gateway.example/ns/gateway-conformance-infra/sa/gateway';
		this.#files ??= this.#gateways.files(this.#gateways.leaf(id, { dns: LISTENER_HOSTS }));
		return this.#files;
	}

	/** PEM: whom a client of that sidecar believes. */
	get gatewayBundle(): string {
		return this.#gateways.trustBundle;
	}

	remove(): void {
		this.#gateways.remove();
	}
}

function configMap(name: string, { trustBundle }: Pki): Manifest {
	return {
		apiVersion: 'v1',
		kind: 'ConfigMap',
		metadata: { name, namespace: NAMESPACE },
		data: { 'ca.crt': trustBundle },
	};
}
