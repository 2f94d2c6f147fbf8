/**
 * For `node --import`: hands TypeScript 6 to whoever asks for `typescript`. TypeScript 7's package has no compiler API,
 * and dependency-cruiser, which cannot use it, would quietly read no `.ts` file at all.
 */
import { registerHooks } from 'node:module';

const ASKED = /^typescript(?=\/|$)/;

registerHooks({
	resolve: (specifier, context, nextResolve) => nextResolve(specifier.replace(ASKED, 'typescript-6'), context),
});
