import type { Target } from '#lib/core/probe/target.ts';
import type { ClientCertificateLookup } from '#lib/probe/client-certificate.ts';
import { createHttpProber, type HttpProber } from '#lib/probe/probers/http-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';

/** A prober on the real clock, with the Secrets and the ears that a test gives it. */
export function aHttpProber(
  given: {
    readonly clientCertificates?: ClientCertificateLookup;
    readonly onSessionEnd?: (target: Target) => void;
  } = {},
): HttpProber {
  return createHttpProber({
    clock: systemClock,
    tlsContexts: new TlsContexts(),
    clientCertificates: (namespace, name) => ({ missing: `Secret ${namespace}/${name} does not exist` }),
    onSessionEnd: () => {},
    userAgent: 'swh/1',
    ...given,
  });
}
