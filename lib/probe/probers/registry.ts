import { isIP } from 'node:net';
import { assertNever } from '#lib/core/assert-never.ts';
import type { Probe } from '#lib/core/probe/probe.ts';
import { unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { ClientCertificateLookup } from '#lib/probe/client-certificate.ts';
import type { CredentialsLookup } from '#lib/probe/credentials.ts';
import type { Prober } from '#lib/probe/prober.ts';
import { createGrpcProber } from '#lib/probe/probers/grpc-prober.ts';
import { createHttpProber } from '#lib/probe/probers/http-prober.ts';
import { createPostgresqlProber } from '#lib/probe/probers/postgresql-prober.ts';
import { createTcpProber } from '#lib/probe/probers/tcp-prober.ts';
import { TlsContexts } from '#lib/probe/tls-contexts.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export interface ProbersDeps {
  readonly clock: Clock;
  readonly credentials: CredentialsLookup;
  readonly clientCertificates: ClientCertificateLookup;
  /** An idle session or connection with the target has ended, and not by us: probe it at once. */
  readonly onSessionEnd: (target: Target) => void;
  /** Of the product, for `User-Agent`. */
  readonly version: string;
}

/** Runs probes of every kind and owns the sessions that are held between runs. */
export interface Probers {
  /** A target whose address is no IP address is refused: nothing is ever looked up or redirected. */
  readonly run: Prober<Probe>;
  /** Ends the sessions and connections held with the target. */
  forget(target: Target): void;
  /** Ends all held sessions; fulfilled when their connections are gone, within about a second. */
  stop(): Promise<void>;
}

/** The probers of all kinds. */
export function createProbers(deps: ProbersDeps): Probers {
  const { clock, credentials, clientCertificates, onSessionEnd, version } = deps;
  const userAgent = `service-with-healthchecks/${version}`;
  const tlsContexts = new TlsContexts();
  const tcp = createTcpProber({ tlsContexts, clientCertificates });
  const http = createHttpProber({ clock, tlsContexts, clientCertificates, onSessionEnd, userAgent });
  const grpc = createGrpcProber({ clock, tlsContexts, clientCertificates, userAgent });
  const postgresql = createPostgresqlProber({ clock, tlsContexts, credentials, onSessionEnd });

  const dispatch: Prober<Probe> = (probe, target, deadlineMs) => {
    switch (probe.kind) {
      case 'tcp':
        return tcp(probe, target, deadlineMs);
      case 'http':
        return http.run(probe, target, deadlineMs);
      case 'grpc':
        return grpc(probe, target, deadlineMs);
      case 'postgresql':
        return postgresql.run(probe, target, deadlineMs);
      default:
        return assertNever(probe, 'probe');
    }
  };

  return {
    run: (probe, target, deadlineMs) =>
      isIP(target.address) === 0
        ? unknown('InvalidSettings', 'the address of the pod is not an IP address')
        : dispatch(probe, target, deadlineMs),
    forget(target) {
      postgresql.forget(target);
      http.forget(target);
    },
    stop() {
      http.stop();
      return postgresql.stop();
    },
  };
}
