import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CertificateWithKey {
  readonly cert: string;
  readonly key: string;
}

/** Certificates made with the openssl program. */
export interface TestCertificates {
  readonly ca: CertificateWithKey;
  /** Another authority, which has signed nothing. */
  readonly otherCa: CertificateWithKey;
  /** A certificate of the authority. `names` as in `subjectAltName`; `days` negative: expired. */
  issue(names: string, days?: number): CertificateWithKey;
  remove(): void;
}

/** A fresh authority in a temporary folder. */
export function makeTestCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'swh-certificates-'));
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const files = (name: string): CertificateWithKey => ({
    cert: readFileSync(join(folder, `${name}.crt`), 'utf8'),
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
  });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = (name: string): CertificateWithKey => {
    const subject = ['-subj', `/CN=${name}`, '-days', '2'];
    openssl('req', '-x509', ...newKey, ...subject, '-keyout', `${name}.key`, '-out', `${name}.crt`);
    return files(name);
  };
  const ca = authority('ca');
  let count = 0;
  return {
    ca,
    otherCa: authority('other'),
    issue: (names, days = 2) => {
      count += 1;
      const name = `leaf-${count}`;
      openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
      writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`);
      const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`];
      openssl('x509', '-req', '-in', `${name}.csr`, ...signer, '-days', `${days}`, '-out', `${name}.crt`);
      return files(name);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
