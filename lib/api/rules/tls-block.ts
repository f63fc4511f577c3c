import { type Finding, warning } from '#lib/api/finding.ts';
import { checkCertificates } from '#lib/api/rules/ca-cert.ts';
import { checkHostName } from '#lib/api/rules/host-name.ts';
import { checkSecretName } from '#lib/api/rules/secret-name.ts';
import type { TlsSpec } from '#lib/api/spec.ts';

/** The block `tls` of a probe that is not HTTP, found at `path`; missing means no TLS. */
export function checkTlsBlock(path: string, tls: TlsSpec | undefined): readonly Finding[] {
  if (tls === undefined) return [];
  return [
    ...checkHostName(`${path}.serverName`, tls.serverName ?? ''),
    ...checkCaCert(`${path}.caCert`, tls),
    ...checkSecretName(`${path}.clientCertSecretName`, tls.clientCertSecretName ?? ''),
  ];
}

function checkCaCert(path: string, { caCert = '', insecureSkipTLSVerify }: TlsSpec): readonly Finding[] {
  if (caCert === '') return [];
  if (!insecureSkipTLSVerify) return checkCertificates(path, caCert);
  return [
    warning(path, 'ignored: drop insecureSkipTLSVerify to have the certificate checked, or drop caCert'),
  ];
}
