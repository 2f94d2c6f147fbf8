/**
 * Every case of the suite that a sidecar does not pass, with the reason. The tests fail when one is missing, when an entry
 * names nothing, and when one is not needed any more.
 */
export interface LeftOut {
	/** Names of tests (all their cases) and ids of cases. */
	readonly ids: readonly string[];
	/** `noMeaning`: a route file has no such thing. `later`: a later version has it. `differs`: we do not do it. */
	readonly kind: 'noMeaning' | 'later' | 'differs';
	readonly reason: string;
}

export const LEFT_OUT_CASES: readonly LeftOut[] = [
	{
		kind: 'differs',
		ids: [
			'GatewayFrontendClientCertificateValidation',
			'GatewayFrontendClientCertificateValidationInsecureFallback/0',
			'GatewayFrontendClientCertificateValidationInsecureFallback/1',
			'GatewayFrontendClientCertificateValidationInsecureFallback/3',
			'GatewayFrontendClientCertificateValidationInsecureFallback/4',
			'GatewayFrontendInvalidDefaultClientCertificateValidation/1',
		],
		reason:
			'`tls.frontend` of a Gateway, whom its ports believe: a sidecar has one inbound port, and `tls` of its route file says who may call',
	},
	{
		kind: 'differs',
		ids: ['GatewayTLSBackendClientCertificate'],
		reason: '`tls.backend` of a Gateway: a sidecar shows its own certificate, where `services.*.tls` is `mutual`',
	},
	{ kind: 'later', ids: ['BackendTLSPolicyTLSRouteTerminate'], reason: '`TLSRoute`: traffic that is not HTTP' },
	{
		kind: 'noMeaning',
		ids: ['GatewayInvalidTLSBackendConfiguration'],
		reason: 'asks for the `status` of resources, which only an API server keeps; it sends no request',
	},
	{
		kind: 'noMeaning',
		ids: ['HTTPRouteInvalidCrossNamespaceBackendRef/0', 'HTTPRouteReferenceGrant/1'],
		reason:
			'expects 500 without a `ReferenceGrant`: that keeps tenants of a cluster apart, and a route file has one owner, who may name any service',
	},
];
