import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { ClientCertificateLookup } from '#lib/probe/client-certificate.ts';
import { createHttpProber, type HttpProber } from '#lib/probe/probers/http-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { type OneRun, runOnce } from '../../../../../dev/workload/one-run.ts';

/** A prober whose runs are run to their end. */
export interface RunningHttpProber extends Omit<HttpProber, 'run'> {
  run(probe: HttpProbe, target: Target, one: OneRun): Promise<ProbeOutcome>;
}

/** A prober on the real clock, with the Secrets and the ears that a test gives it. */
export function aHttpProber(
  given: {
    readonly clientCertificates?: ClientCertificateLookup;
    readonly onSessionEnd?: (target: Target) => void;
  } = {},
): RunningHttpProber {
  const prober = createHttpProber({
    clock: systemClock,
    tlsContexts: new TlsContexts(),
    clientCertificates: (namespace, name) => ({ missing: `Secret ${namespace}/${name} does not exist` }),
    onSessionEnd: () => {},
    userAgent: 'swh/1',
    ...given,
  });
  return { ...prober, run: (probe, target, one) => runOnce(prober.run, probe, target, one) };
}
