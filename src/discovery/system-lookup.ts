/** Names as this host resolves them. */
import type { Clock } from '../clock.ts';
import { SystemDnsQuestions } from './dns-questions.ts';
import { hostFamilies } from './host-families.ts';
import { NameLookup } from './name-lookup.ts';
import { ResolverFiles, type ResolverPaths } from './resolver-files.ts';

/** One for all services: questions are limited together, and the files are read once for all. */
export function systemLookup(clock: Clock, paths?: ResolverPaths): NameLookup {
	const files = new ResolverFiles(clock, paths);
	return new NameLookup({ files, questions: new SystemDnsQuestions(), families: hostFamilies });
}
