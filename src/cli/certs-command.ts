/** `outrigger certs init|issue`: a development CA, and certificates of workloads with SPIFFE ids. */
import type { Command } from 'commander';
import { forTerminal } from '../config/for-terminal.ts';
import { CertsError } from './certs/certs-error.ts';
import { DEFAULT_TRUST_DOMAIN, type InitOptions, initAuthority } from './certs/init.ts';
import { DEFAULT_TTL, type IssueOptions, issueCertificate } from './certs/issue.ts';
import type { CommandIo } from './command-io.ts';
import { EXIT } from './exit-codes.ts';

interface Printed {
	readonly json?: boolean;
}
export type InitArguments = InitOptions & Printed;
export type IssueArguments = IssueOptions & Printed;

const HELP = `
Example:
  outrigger certs init --dir certs
  outrigger certs issue --dir certs --id spiffe://mesh.local/ns/shop/sa/web

Then, in a route file beside that folder:
  tls: { certificate: certs/web.pem, key: certs/web.key, trustBundle: certs/ca.pem }

The key of this CA lies on a disk, for development. In production cert-manager, SPIRE or another CA writes these files.`;

const INIT_HELP = `
Example:
  outrigger certs init --dir certs --trust-domain mesh.local

Writes ca.pem, which everybody may have, and ca.key, which nobody else may. A CA that is there stays as it is.
Exit status 0: the CA is there. 64: what is there is no CA of this trust domain, or cannot sign.`;

const ISSUE_HELP = `
Examples:
  outrigger certs init --dir certs
  outrigger certs issue --dir certs --id spiffe://mesh.local/ns/shop/sa/web --dns web.shop.svc --ttl 12h

Writes web.pem and web.key, called for the last part of the id. Again: they are renewed, with another key, and a running
sidecar takes them over. Files of another id are not touched: --name gives other names.
Exit status 0: done. 64: the CA or what was asked for is not right. 77: the files may not be written.`;

export function registerCerts(program: Command, io: CommandIo, finish: (exitCode: number) => void): void {
	const certs = program
		.command('certs')
		.summary('make a development CA and certificates of workloads')
		.description('Make a development CA and certificates of workloads with SPIFFE ids.')
		.addHelpText('after', HELP);
	certs
		.command('init')
		.summary('make a CA in a folder, unless there is one')
		.description('Make a development CA in a folder, unless there is one.')
		.requiredOption('--dir <folder>', 'where ca.pem and ca.key are; made if missing')
		.option('--trust-domain <name>', `trust domain of the CA; only its ids can be certified (${DEFAULT_TRUST_DOMAIN})`)
		.option('--json', 'print JSON')
		.addHelpText('after', INIT_HELP)
		.action(async (args: InitArguments) => finish(await runInit(args, io)));
	certs
		.command('issue')
		.summary('make or renew the certificate of a workload')
		.description('Make or renew the certificate and the key of a workload.')
		.requiredOption('--dir <folder>', 'where the CA is and the files are written')
		.requiredOption('--id <spiffe-id>', 'whose certificate it is')
		.option('--dns <name>', 'a DNS name that it is good for, too; repeatable', repeated)
		.option('--ttl <duration>', 'how long it is good for, at most as long as its CA', DEFAULT_TTL)
		.option('--name <name>', 'what the files are called without .pem and .key (last part of the id)')
		.option('--json', 'print JSON')
		.addHelpText('after', ISSUE_HELP)
		.action(async (args: IssueArguments) => finish(await runIssue(args, io)));
}

function repeated(value: string, before: readonly string[] = []): readonly string[] {
	return [...before, value];
}

export function runInit(args: InitArguments, io: CommandIo, now = new Date()): Promise<number> {
	return told(io, async () => {
		const { authority, isNew } = await initAuthority(args, now);
		const { certificate, files, trustDomain, warnings } = authority;
		const validTo = certificate.validToDate.toISOString();
		const did = isNew ? 'made the CA of' : 'kept the CA that is there, of';
		for (const warning of warnings) say(io, `warning: ${warning}`);
		if (args.json === true) {
			const { fingerprint256, validFromDate } = certificate;
			const at = { certificate: files.certificate, key: files.key };
			print(io, {
				created: isNew,
				trustDomain,
				...at,
				validFrom: validFromDate.toISOString(),
				validTo,
				fingerprint256,
			});
			return;
		}
		say(io, `${did} ${trustDomain === '' ? 'no trust domain' : trustDomain}, valid until ${validTo}`);
		say(io, `  ${files.certificate}  is the trust bundle: give it to everybody`);
		say(io, `  ${files.key}  signs certificates: give it to nobody, and do not commit it`);
	});
}

export function runIssue(args: IssueArguments, io: CommandIo, now = new Date()): Promise<number> {
	return told(io, async () => {
		const { certificate, id, dns, files, authority, isRenewed, warnings } = await issueCertificate(args, now);
		const validTo = certificate.validToDate.toISOString();
		for (const warning of warnings) say(io, `warning: ${warning}`);
		if (args.json === true) {
			const at = { certificate: files.certificate, key: files.key, trustBundle: authority.files.certificate };
			const { serialNumber, validFromDate } = certificate;
			print(io, { renewed: isRenewed, id, dns, ...at, validFrom: validFromDate.toISOString(), validTo, serialNumber });
			return;
		}
		say(io, `${isRenewed ? 'renewed' : 'made'} the certificate of ${id}, valid until ${validTo}`);
		if (dns.length > 0) say(io, `  also for ${dns.join(', ')}`);
		say(io, `  ${files.certificate}`);
		say(io, `  ${files.key}`);
	});
}

/** Resolves to the exit code, after what went wrong has been said. */
async function told(io: CommandIo, work: () => Promise<void>): Promise<number> {
	try {
		await work();
		return EXIT.done;
	} catch (error) {
		if (!(error instanceof CertsError)) throw error;
		say(io, `outrigger: ${error.message}`);
		return error.exitCode;
	}
}

function say(io: CommandIo, text: string): void {
	io.stderr(`${forTerminal(text)}\n`);
}

function print(io: CommandIo, data: unknown): void {
	io.stdout(`${JSON.stringify(data, null, 2)}\n`);
}
