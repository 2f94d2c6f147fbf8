/** Where a listener is bound. */
export interface ListenAddress {
	/** `''`: every address of both families. IPv6 literals without brackets. */
	readonly host: string;
	/** 0: the system picks one. */
	readonly port: number;
}
