/** How documents call a service. */
export interface ServiceName {
	readonly namespace: string;
	readonly name: string;
}
