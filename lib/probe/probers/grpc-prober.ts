import type { Socket } from 'node:net';
import { isIPv6 } from 'node:net';
import type { GrpcProbe } from '#lib/core/probe/probe.ts';
import { failure } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { closedOutcome, type OpenedStream, openStream, timeoutOutcome } from '#lib/probe/open-stream.ts';
import { type ProbeTlsDeps, tlsSettingsOf } from '#lib/probe/probe-tls.ts';
import type { Prober, Settler } from '#lib/probe/prober.ts';
import { healthOutcome } from '#lib/probe/probers/grpc-answer.ts';
import { encodeHealthCheckRequest } from '#lib/probe/probers/grpc-health-message.ts';
import { type Http2Request, Http2Session } from '#lib/probe/probers/http2-session.ts';
import type { Clock } from '#lib/runtime/clock.ts';

export interface GrpcProberDeps extends ProbeTlsDeps {
  readonly clock: Clock;
  readonly userAgent: string;
}

/** Servers of gRPC over TLS insist on it. */
const PROTOCOL = 'h2';

/**
 * One unary `grpc.health.v1.Health/Check` over HTTP/2 on a fresh connection, by prior knowledge or, with TLS, after
 * ALPN. Only `SERVING` is success.
 */
export function createGrpcProber(deps: GrpcProberDeps): Prober<GrpcProbe> {
  return (probe, target, deadlineMs) => {
    const found = probe.tls === undefined ? undefined : tlsSettingsOf(deps, probe.tls, target);
    if (found !== undefined && 'kind' in found) return found;
    const tls = found === undefined ? undefined : { ...found, protocols: [PROTOCOL] };
    let stream: OpenedStream | undefined;
    return {
      start(settler) {
        stream = openStream(target, tls, {
          onOpen: (opened, protocol) => {
            opened.setNoDelay(true);
            if (tls !== undefined && protocol !== PROTOCOL) {
              settler.settle(failure('ProtocolError', `${target.port} does not offer HTTP/2`));
              return;
            }
            const remainingMs = deadlineMs - deps.clock.monotonicMs();
            const request = healthRequest(probe, target, { userAgent: deps.userAgent, remainingMs });
            ask(opened, request, { probe, target, settler });
          },
          onFailed: (outcome) => settler.settle(outcome),
        });
      },
      onTimeout: () =>
        timeoutOutcome(target, {
          timeoutMs: probe.timeoutMs,
          phase: stream?.phase ?? 'connect',
          unanswered: `gRPC health check on ${target.port} was not answered`,
        }),
      release: () => stream?.close(),
    };
  };
}

interface Asked {
  readonly probe: GrpcProbe;
  readonly target: Target;
  readonly settler: Settler;
}

function ask(stream: Socket, request: Http2Request, { probe, target, settler }: Asked): void {
  const session = new Http2Session();
  stream.on('data', (bytes: Buffer) => {
    const reply = session.push(bytes);
    const outcome = healthOutcome(session.state, probe, target);
    if (outcome !== undefined) settler.settle(outcome);
    else if (reply.length > 0 && stream.writable) stream.write(reply);
  });
  stream.once('end', () => settler.settle(closedOutcome(target, 'open')));
  stream.write(session.ask(request));
}

function healthRequest(
  { service, tls }: GrpcProbe,
  { address, port }: Target,
  { userAgent, remainingMs }: { readonly userAgent: string; readonly remainingMs: number },
): Http2Request {
  const host = tls?.serverName ?? (isIPv6(address) ? `[${address}]` : address);
  return {
    fields: [
      ...[':method', 'POST'],
      ...[':scheme', tls === undefined ? 'http' : 'https'],
      ...[':authority', `${host}:${port}`],
      ...[':path', '/grpc.health.v1.Health/Check'],
      ...['content-type', 'application/grpc'],
      ...['te', 'trailers'],
      ...['user-agent', userAgent],
      ...['grpc-timeout', `${Math.max(1, Math.ceil(remainingMs))}m`],
    ],
    body: encodeHealthCheckRequest(service),
  };
}
