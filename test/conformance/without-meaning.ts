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
		kind: 'later',
		ids: [
			'BackendTLSPolicy/0',
			'BackendTLSPolicy/1',
			'BackendTLSPolicyConflictResolution',
			'BackendTLSPolicyGRPCRoute',
			'BackendTLSPolicySANValidation/0',
			'BackendTLSPolicySANValidation/2',
			'BackendTLSPolicySANValidation/4',
			'GatewayTLSBackendClientCertificate',
		],
		reason: 'TLS towards services: the servers of the suite that speak it are not there yet',
	},
	{
		kind: 'later',
		ids: [
			'GatewayFrontendClientCertificateValidation',
			'GatewayFrontendClientCertificateValidationInsecureFallback',
			'GatewayFrontendInvalidDefaultClientCertificateValidation/1',
			'HTTPRouteHTTPSListener',
			'HTTPRouteRedirectPortAndScheme/9',
			'HTTPRouteRedirectPortAndScheme/10',
			'HTTPRouteRedirectPortAndScheme/11',
			'HTTPRouteRedirectPortAndScheme/12',
			'HTTPRouteRedirectPortAndScheme/13',
			'HTTPRouteRedirectPortAndScheme/14',
		],
		reason: 'TLS on the inbound listener',
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
