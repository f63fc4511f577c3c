import type { Secret } from '#lib/core/kubernetes.ts';

/** How a PostgreSQL session is protected: see the key `tlsMode` of a credentials Secret. */
export type TlsMode = 'Disabled' | 'SkipVerification' | 'VerifyCA' | 'VerifyAll';

/** What a probe logs in with. Holds secrets: never log, never put into a message. */
export interface Credentials {
  readonly user: string;
  /** Empty when the Secret names none: the server may ask for a client certificate instead. */
  readonly password: string;
  /** Absent: TLS if the server offers it, else a plain connection on which only SCRAM is answered. */
  readonly tlsMode?: TlsMode;
  readonly caCert?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  /** Differs whenever any other field differs: sessions of another version are ended. */
  readonly version: string;
}

/** The credentials, or why there are none: `missing` and `invalid` are sentences for the user. */
export type CredentialsResult = Credentials | { readonly missing: string } | { readonly invalid: string };

/** Finds the credentials in a Secret of this namespace. Answers from memory, never waits. */
export type CredentialsLookup = (namespace: string, secretName: string) => CredentialsResult;

/** The type of Secret whose `tlsMode` defaults to an encrypted, unverified connection. */
export const CREDENTIALS_SECRET_TYPE = 'network.deckhouse.io/postgresql-credentials';

const GENERIC_SECRET_TYPE = 'Opaque';

const TLS_MODES: readonly TlsMode[] = ['Disabled', 'SkipVerification', 'VerifyCA', 'VerifyAll'];

/** Reads the credentials out of a Secret, or says what is wrong with it without repeating a value of it. */
export function parseCredentials(secret: Secret): CredentialsResult {
  const name = `Secret ${secret.metadata.namespace ?? ''}/${secret.metadata.name}`;
  const type = secret.type ?? GENERIC_SECRET_TYPE;
  if (type !== GENERIC_SECRET_TYPE && type !== CREDENTIALS_SECRET_TYPE) {
    return { invalid: `${name} must be of type generic or ${CREDENTIALS_SECRET_TYPE}` };
  }
  const text = (key: string): string | undefined => textOf(secret.data?.[key]);
  const user = text('user');
  if (user === undefined) {
    return { invalid: `${name} has no key user` };
  }
  if (user.includes('\0')) {
    return { invalid: `${name}: user must not hold a zero byte` };
  }
  const clientCert = text('clientCert');
  const clientKey = text('clientKey');
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    return { invalid: `${name} must have both or none of clientCert and clientKey` };
  }
  const tlsMode = tlsModeOf(text('tlsMode'), type);
  if (tlsMode === 'unknown') {
    return { invalid: `${name}: tlsMode must be one of ${TLS_MODES.join(', ')}` };
  }
  const caCert = text('caCert');
  return {
    user,
    password: text('password') ?? '',
    ...(tlsMode !== undefined && { tlsMode }),
    ...(caCert !== undefined && { caCert }),
    ...(clientCert !== undefined && { clientCert }),
    ...(clientKey !== undefined && { clientKey }),
    version: `${secret.metadata.uid ?? ''}/${secret.metadata.resourceVersion ?? ''}`,
  };
}

/** The decoded value; absent when empty, as an empty value of an optional key means the same as none. */
function textOf(base64: string | undefined): string | undefined {
  return base64 === undefined || base64 === '' ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}

function tlsModeOf(text: string | undefined, type: string): TlsMode | undefined | 'unknown' {
  if (text === undefined) {
    return type === CREDENTIALS_SECRET_TYPE ? 'SkipVerification' : undefined;
  }
  return TLS_MODES.find((mode) => mode === text) ?? 'unknown';
}
