/** Route files that hold a private key where none belongs, as people and templates come to write them. */

export interface KeyTexts {
	/** PKCS #8 PEM. */
	readonly key: string;
	/** SEC 1 PEM, the form of `openssl ecparam -genkey`. */
	readonly oldKey: string;
	/** PEM with a passphrase. */
	readonly encrypted: string;
	/** PEM of a certificate. */
	readonly certificate: string;
}

const indented = (text: string, by: string): string => text.trimEnd().replace(/^/gm, by);
const oneLine = (pem: string): string => pem.trimEnd().replaceAll('\n', '\\n');
const bodyOf = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');
const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** By what was done wrong. `base`: a right file without `tls` and `services`. */
export function misplacedKeys(base: string, texts: KeyTexts): Readonly<Record<string, string>> {
	return { ...inPlaceOfPaths(base, texts), ...notYaml(base, texts), ...inDocuments(base, texts) };
}

function inPlaceOfPaths(base: string, { key, oldKey, encrypted, certificate }: KeyTexts): Record<string, string> {
	const others = 'certificate: certs/a.pem, trustBundle: certs/ca.pem';
	const tls = (value: string): string =>
		`${base}tls:\n  certificate: certs/a.pem\n  key: ${value}\n  trustBundle: ca.pem\n`;
	return {
		'a block for the path of the key': tls(`|\n${indented(key, '    ')}`),
		'a folded block': tls(`>-\n${indented(oldKey, '    ')}`),
		'a key with a passphrase': tls(`|\n${indented(encrypted, '    ')}`),
		'a quoted key': `${base}tls: { key: "${oneLine(key)}", ${others} }\n`,
		'a quoted key of the older form': `${base}tls: { key: "${oneLine(oldKey)}", ${others} }\n`,
		'a key without its quotes': `${base}tls: { key: ${key.trimEnd().replaceAll('\n', ' ')}, ${others} }\n`,
		'a key over several quoted lines': tls(`"${indented(key, '    ').trimStart()}"`),
		'the body of a key': tls(bodyOf(key)),
		'the body of a key in quotes': `${base}tls: { key: "${bodyOf(oldKey)}", ${others} }\n`,
		'a key in base64': tls(encoded(key)),
		'a key for the certificate': `${base}tls:\n  certificate: |\n${indented(key, '    ')}\n  key: a\n  trustBundle: a\n`,
		'a key beside the certificate': `${base}tls: { certificate: "${oneLine(certificate + key)}", key: a, trustBundle: a }\n`,
		'a key for the bundle': `${base}tls:\n  certificate: a\n  key: a\n  trustBundle: |\n${indented(oldKey, '    ')}\n`,
		'a key for the socket': `${base}tls:\n  workloadApi: |\n${indented(key, '    ')}\n`,
		'a key for the mode': `${base}tls:\n  mode: ${bodyOf(key)}\n  workloadApi: unix:///a\n`,
		'a key under a name of its own': `${base}tls:\n  keyPem: |\n${indented(key, '    ')}\n  workloadApi: unix:///a\n`,
		'a key for the whole block': `${base}tls: |\n${indented(key, '  ')}\n`,
		'a key as a key of the block': `${base}tls: { "${oneLine(key)}": a }\n`,
		'a key as an anchor': `${base}tls: { key: *${bodyOf(key)}, ${others} }\n`,
		'a key for the bundle of a service': `${base}services:\n  a:\n    endpoints: []\n    tls:\n      mode: simple\n      sni: a\n      trustBundle: |\n${indented(key, '        ')}\n`,
		'a key for a name of a service': `${base}services:\n  a:\n    endpoints: []\n    tls: { mode: simple, sni: "${oneLine(key)}" }\n`,
		'a key for a SPIFFE id': `${base}services:\n  a: { endpoints: [], tls: { subjectAltNames: ["${oneLine(key)}"] } }\n`,
		'a key of the environment': `${base}tls: { key: "\${MISPLACED_KEY}", ${others} }\n`,
		'a default for one of the environment': `${base}tls: { key: "\${UNSET_KEY:-${oneLine(key)}}", ${others} }\n`,
	};
}

/** The file is none, or YAML sees something else than was meant. */
function notYaml(base: string, { key, oldKey, certificate }: KeyTexts): Record<string, string> {
	return {
		'the key itself': key,
		'the older key itself': oldKey,
		'the body of a key alone': `${bodyOf(key)}\n`,
		'a certificate with its key': certificate + key,
		'a key behind the file': `${base}${key}`,
		'a key that is not indented': `${base}tls:\n  key: |\n${key}\n  certificate: a\n`,
		'a key without its block mark': `${base}tls:\n  key:\n${indented(key, '    ')}\n  x: {\n`,
		'a key indented with tabs': `${base}tls:\n  key: |\n${indented(key, '\t')}\n`,
		'a key half of whose lines are indented': `${base}tls:\n  key: |\n    ${key}\n`,
		'a quote that is not closed': `${base}tls:\n  key: "${oneLine(key)}\n  certificate: a\n`,
		'half a key': `${base}tls:\n  key: |\n${key.slice(0, key.length / 2)}\n`,
		'a bracket before a key': `${base}tls: { key: [${oneLine(key)}\n`,
		'bytes before a key': `${base}tls:\n  key: |\n    \0${key}`,
	};
}

/** Documents of Kubernetes that lie in the same folder, or in the same file. */
function inDocuments(base: string, { key, certificate }: KeyTexts): Record<string, string> {
	const document = (kind: string, data: string): string =>
		`${base}---\napiVersion: v1\nkind: ${kind}\nmetadata: { name: web, namespace: default }\n${data}`;
	const policy = `---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: a, namespace: default }
spec:
  targetRefs: [{ group: "", kind: Service, name: orders }]
  validation: { hostname: orders, caCertificateRefs: [{ group: "", kind: ConfigMap, name: web }] }
---
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: default }
spec: { ports: [{ port: 80 }] }
`;
	return {
		'a Secret': document('Secret', `type: kubernetes.io/tls\ndata:\n  tls.key: ${encoded(key)}\n`),
		'a Secret in the clear': document('Secret', `stringData:\n  tls.key: |\n${indented(key, '    ')}\n`),
		'a Secret that is broken': document('Secret', `data:\n\ttls.key: ${encoded(key)}\n`),
		'a Secret with a bracket': document('Secret', `data: { tls.key: ${encoded(key)}\n`),
		'a Secret that is folded badly': document(
			'Secret',
			`data:\n  tls.key: >-\n${encoded(key).replace(/.{1,76}/g, '  $&\n')}`,
		),
		'a ConfigMap': document('ConfigMap', `data:\n  ca.crt: |\n${indented(key, '    ')}\n${policy}`),
		'a ConfigMap with a certificate as well': document(
			'ConfigMap',
			`data:\n  ca.crt: |\n${indented(certificate + key, '    ')}\n${policy}`,
		),
		'a ConfigMap whose key is mapped': document('ConfigMap', `data:\n  ca.crt: { a: "${oneLine(key)}" }\n${policy}`),
	};
}
