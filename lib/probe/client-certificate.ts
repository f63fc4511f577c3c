import type { Secret } from '#lib/core/kubernetes.ts';

/** What a probe shows to a server that asks who it is, in PEM. Holds a secret: never log, never put into a message. */
export interface ClientCertificate {
  readonly clientCert: string;
  readonly clientKey: string;
}

/** The certificate, or why there is none: `missing` and `invalid` are sentences for the user. */
export type ClientCertificateResult =
  | ClientCertificate
  | { readonly missing: string }
  | { readonly invalid: string };

/** Finds the certificate in a Secret of this namespace. Answers from memory, never waits. */
export type ClientCertificateLookup = (namespace: string, secretName: string) => ClientCertificateResult;

/** The type of Secret that holds a certificate with its key, as `kubectl create secret tls` and cert-manager make it. */
const TLS_SECRET_TYPE = 'kubernetes.io/tls';

/** Keys of such a Secret. */
export const TLS_SECRET_KEYS = { cert: 'tls.crt', key: 'tls.key' } as const;

/** Reads the certificate out of a Secret, or says what is wrong with it without repeating a value of it. */
export function parseClientCertificate(secret: Secret): ClientCertificateResult {
  const name = `Secret ${secret.metadata.namespace ?? ''}/${secret.metadata.name}`;
  if (secret.type !== TLS_SECRET_TYPE) {
    return { invalid: `${name} must be of type ${TLS_SECRET_TYPE}` };
  }
  const clientCert = textOf(secret.data?.[TLS_SECRET_KEYS.cert]);
  const clientKey = textOf(secret.data?.[TLS_SECRET_KEYS.key]);
  return clientCert === '' || clientKey === ''
    ? { invalid: `${name} must have both ${TLS_SECRET_KEYS.cert} and ${TLS_SECRET_KEYS.key}` }
    : { clientCert, clientKey };
}

function textOf(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8');
}
