import type { ProbeTls } from '#lib/core/probe/probe.ts';
import { type ProbeUnknown, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { ClientCertificate, ClientCertificateLookup } from '#lib/probe/client-certificate.ts';
import type { TlsContexts } from '#lib/probe/tls-contexts.ts';
import type { TlsSettings } from '#lib/probe/tls-handshake.ts';

export interface ProbeTlsDeps {
  readonly tlsContexts: TlsContexts;
  readonly clientCertificates: ClientCertificateLookup;
}

/** What a handshake needs, as the probe asks for it, or which setting stands in the way. */
export function tlsSettingsOf(
  deps: ProbeTlsDeps,
  { serverName, verifies, caCert, clientCertSecretName }: ProbeTls,
  target: Target,
): TlsSettings | ProbeUnknown {
  const client = clientCertificate(deps, clientCertSecretName, target);
  if (client !== undefined && 'kind' in client) {
    return client;
  }
  const found = deps.tlsContexts.get({ ...(verifies && caCert !== undefined && { caCert }), ...client });
  if (found.kind === 'invalid') {
    return found.setting === 'caCert'
      ? unknown('InvalidSettings', found.message)
      : unknown(
          'CredentialsInvalid',
          `Secret ${target.namespace}/${clientCertSecretName ?? ''}: tls.crt and tls.key are no PEM certificate with its key`,
        );
  }
  return {
    context: found.context,
    verification: verifies ? 'chainAndName' : 'none',
    serverName: serverName ?? target.address,
  };
}

function clientCertificate(
  { clientCertificates }: ProbeTlsDeps,
  secretName: string | undefined,
  { namespace }: Target,
): ClientCertificate | ProbeUnknown | undefined {
  if (secretName === undefined) {
    return undefined;
  }
  const found = clientCertificates(namespace, secretName);
  if ('missing' in found) {
    return unknown('CredentialsMissing', found.missing);
  }
  return 'invalid' in found ? unknown('CredentialsInvalid', found.invalid) : found;
}
