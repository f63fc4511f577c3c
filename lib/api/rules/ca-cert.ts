import { X509Certificate } from 'node:crypto';
import { error, type Finding, warning } from '#lib/api/finding.ts';
import type { HttpSpec } from '#lib/api/spec.ts';

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** `caCert` of the HTTP block at `path`: certificates that parse. One that is not used is never an error. */
export function checkCaCert(path: string, http: HttpSpec): readonly Finding[] {
  const caCert = http.caCert ?? '';
  if (caCert === '') return [];
  if (http.scheme !== 'HTTPS') {
    return [
      warning(
        `${path}.caCert`,
        'ignored: write scheme: HTTPS to have the certificate checked, or drop caCert',
      ),
    ];
  }
  if (http.insecureSkipTLSVerify) {
    return [
      warning(
        `${path}.caCert`,
        'ignored: drop insecureSkipTLSVerify to have the certificate checked, or drop caCert',
      ),
    ];
  }
  return checkCertificates(`${path}.caCert`, caCert);
}

/** Certificates in PEM that parse, at least one. */
export function checkCertificates(path: string, caCert: string): readonly Finding[] {
  const blocks = caCert.match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) {
    return [
      error(
        path,
        'paste the certificates in PEM, each from its line BEGIN CERTIFICATE up to its line END CERTIFICATE',
      ),
    ];
  }
  const broken = blocks.findIndex((block) => !isCertificate(block));
  if (broken === -1) return [];
  return [error(path, `certificate ${broken + 1} of ${blocks.length} does not parse: paste it again in PEM`)];
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    // The only thing that the constructor throws for is input that is no certificate.
    return false;
  }
}
