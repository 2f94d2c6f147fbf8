/** Whom a reference means, as the Gateway API's BackendObjectReference: an entry of `services`, or the app. */
import { port, text } from './field.ts';
import { EXPECTED_NAME, NAME } from './names.ts';

/** `payments`, or `payments/canary` for a subset of it. */
const TARGET = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?(\/[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)?$/;
/** What Kubernetes takes for kinds and groups, and some more: what is no backend is told by name. */
const KIND = /^[A-Za-z][A-Za-z0-9-]{0,62}$/;
const GROUP = /^[A-Za-z0-9.-]{0,253}$/;

/** Keys of everything that names a backend. A backend that is not there is no mistake of form: its share gets 500. */
export const targetKeys = {
	name: text('a name', '`app`, an entry of `services`, or `entry/subset`', TARGET).describe(
		'`app`, an entry of `services`, or `entry/subset`. What is not there answers 500 for its share.',
	),
	namespace: text('a name', EXPECTED_NAME, NAME)
		.optional()
		.describe('With it, the entry `name.namespace` is meant if there is one, else `name`.'),
	port: port().optional().describe("One of the service's `ports`. Default: any."),
	kind: text('a kind', '`Service`', KIND).prefault('Service').describe('`Service`; anything else answers 500.'),
	group: text('a group', 'the name of an API group', GROUP)
		.prefault('')
		.describe('The API group of `kind`: empty or `core` for services.'),
};
