import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { ClientCertificateLookup } from '#lib/probe/client-certificate.ts';
import type { Prober } from '#lib/probe/prober.ts';
import { HttpRun } from '#lib/probe/probers/http-run.ts';
import { KeptHttpConnections } from '#lib/probe/probers/kept-http-connections.ts';
import type { TlsContexts } from '#lib/probe/tls-contexts.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export interface HttpProberDeps {
  readonly clock: Clock;
  readonly tlsContexts: TlsContexts;
  readonly clientCertificates: ClientCertificateLookup;
  /** A kept connection with the target has ended, and not by us: probe it at once. */
  readonly onSessionEnd: (target: Target) => void;
  /** Sent as `User-Agent` unless the probe names its own. */
  readonly userAgent: string;
}

export interface HttpProber {
  /**
   * Success: a status among the accepted ones and, if asked for, the expected text in the first 64 KiB of the body.
   * Without an expected text the verdict falls when the headers are complete, whatever the body does. Redirects are
   * followed on the pod only. Messages hold no query, no header and nothing of the body.
   *
   * A probe of fresh connections leaves none behind; kept ones stay until `forget` or `stop`.
   */
  readonly run: Prober<HttpProbe>;
  forget(target: Target): void;
  stop(): void;
}

/** The prober of kind `http`. */
export function createHttpProber(deps: HttpProberDeps): HttpProber {
  const kept = new KeptHttpConnections({ clock: deps.clock, onEnd: deps.onSessionEnd });
  const runDeps = { ...deps, kept };
  return {
    run: (probe, target) => new HttpRun(runDeps, probe, target),
    forget: (target) => kept.forget(target),
    stop: () => kept.stop(),
  };
}
