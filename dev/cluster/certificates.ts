import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files of one certificate authority and of the server certificate that it issued. */
export interface Certificates {
  readonly caFile: string;
  /** The CA's certificate as PEM. */
  readonly ca: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Makes a certificate authority and a server certificate for the names and addresses, valid for 30 days, with
 * the `openssl` program: node:crypto cannot issue certificates. `name` starts the file names.
 */
export async function issueCertificates(
  directory: string,
  names: readonly string[],
  name = 'server',
): Promise<Certificates> {
  const file = (suffix: string): string => join(directory, `${name}${suffix}`);
  const [caFile, caKey, certFile, keyFile] = [file('-ca.crt'), file('-ca.key'), file('.crt'), file('.key')];
  await openssl([
    ...['req', '-x509', '-days', '30', '-subj', `/CN=${name}-ca`, '-keyout', caKey, '-out', caFile],
    ...newKey,
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ]);
  await openssl([
    ...['req', '-x509', '-days', '30', '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', certFile],
    ...newKey,
    ...['-CA', caFile, '-CAkey', caKey, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-addext', 'extendedKeyUsage=serverAuth', '-addext', `subjectAltName=${subjectAltName(names)}`],
  ]);
  return { caFile, ca: readFileSync(caFile, 'utf8'), certFile, keyFile };
}

/** Writes a fresh private key (EC P-256, PEM) that only this user may read. */
export function writeSigningKey(path: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(path, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function subjectAltName(names: readonly string[]): string {
  return names.map((name) => (isIP(name) === 0 ? `DNS:${name}` : `IP:${name}`)).join(',');
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await run('openssl', [...args]);
  } catch (error) {
    throw new Error(
      'issue a certificate: the program `openssl` (version 3) failed or is missing; run dev/setup/install-packages.sh',
      { cause: error },
    );
  }
}
