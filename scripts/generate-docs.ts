/** `npm run docs`: writes what is made from the schemas of the route file. A test fails when it is not up to date. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { routeFileJsonSchema } from '../src/config/json-schema.ts';
import { routeFileReference } from '../src/config/reference.ts';

const ROOT = resolve(import.meta.dirname, '..');

writeFileSync(resolve(ROOT, 'schema/outrigger.schema.json'), `${JSON.stringify(routeFileJsonSchema(), null, 2)}\n`);
writeFileSync(resolve(ROOT, 'docs/routes.md'), routeFileReference());
