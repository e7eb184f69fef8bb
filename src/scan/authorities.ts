import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {createSecureContext} from 'node:tls';
import type {SecureContext} from 'node:tls';
import {GateError} from '../errors.ts';

/** Where systems keep the authorities that they trust, as Go knows it (its crypto/x509/root_linux.go and root_bsd.go). */
const systemFiles = [
	'/etc/ssl/certs/ca-certificates.crt',
	'/etc/pki/tls/certs/ca-bundle.crt',
	'/etc/ssl/ca-bundle.pem',
	'/etc/pki/tls/cacert.pem',
	'/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
	'/etc/ssl/cert.pem',
];

/**
 * Whom a connection trusts: the system's authorities, and those of SSL_CERT_FILE and SSL_CERT_DIR beside them, as the
 * tools do; Node's own where the system has none.
 * @throws GateError settings-invalid when the operator's file cannot be used.
 */
export async function trustedAuthorities(
	environment: Readonly<Record<string, string | undefined>>,
): Promise<SecureContext> {
	const {SSL_CERT_FILE: file = '', SSL_CERT_DIR: directories = ''} = environment;
	const own = file === '' ? [] : [await readFile(file).catch(() => unusable(file, 'cannot be read'))];
	const more = await Promise.all(
		directories
			.split(':')
			.filter((directory) => directory !== '')
			.map(readAll),
	);
	const all = [...own, ...more.flat(), ...(await systemAuthorities())];
	try {
		return createSecureContext(all.length === 0 ? {} : {ca: all});
	} catch {
		return unusable(file, 'holds something that is no certificate');
	}
}

async function systemAuthorities(): Promise<readonly Buffer[]> {
	for (const file of systemFiles) {
		const content = await readFile(file).catch(() => undefined);
		if (content !== undefined) return [content];
	}
	return [];
}

async function readAll(directory: string): Promise<readonly Buffer[]> {
	const names = await readdir(directory).catch(() => []);
	const files = await Promise.all(names.map((name) => readFile(join(directory, name)).catch(() => Buffer.alloc(0))));
	return files.filter((content) => content.includes('-----BEGIN CERTIFICATE-----'));
}

function unusable(file: string, problem: string): never {
	throw new GateError({
		stage: 'scan',
		code: 'settings-invalid',
		what: `the file of authorities ${problem}`,
		where: file,
		hint: 'Check --ca-file (TRIVY_GATE_CA_FILE): it holds certificates in PEM.',
	});
}
