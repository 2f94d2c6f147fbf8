/** What sources of endpoints need of the process around an `App`, which cannot find it out by itself. */
import type { CompiledEndpoints } from '../discovery/endpoint-file.ts';
import type { ClusterAccess } from '../discovery/kubernetes/cluster-access.ts';
import type { ResolverPaths } from '../discovery/resolver-files.ts';

export interface SourceTools {
	/** Where the route file is: paths in it are seen from there. */
	readonly folder: string;
	/** Parses a file of endpoints elsewhere: requests are being served here. */
	compileEndpoints(file: string): Promise<CompiledEndpoints>;
	/** `null`: we are in no cluster. */
	readonly cluster: ClusterAccess | null;
	/** Default: this host's. */
	readonly resolver?: ResolverPaths;
}
