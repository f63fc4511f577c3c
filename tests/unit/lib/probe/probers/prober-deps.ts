import type { ClientCertificateResult } from '#lib/probe/client-certificate.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';

/** What every prober needs: the real clock, and Secrets by their names. */
export function proberDeps(certificates: ReadonlyMap<string, ClientCertificateResult> = new Map()) {
  return {
    clock: systemClock,
    tlsContexts: new TlsContexts(),
    clientCertificates: (namespace: string, name: string): ClientCertificateResult =>
      certificates.get(name) ?? { missing: `Secret ${namespace}/${name} does not exist` },
  };
}
