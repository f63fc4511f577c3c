import type { Socket } from 'node:net';
import type { TcpProbe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { attempt, type Settle, type Work } from '#lib/probe/attempt.ts';
import { connectErrorOutcome } from '#lib/probe/connect-error.ts';
import { type OpenedStream, openStream, timeoutOutcome } from '#lib/probe/open-stream.ts';
import { PlainConnection } from '#lib/probe/plain-connection.ts';
import { type ProbeTlsDeps, tlsSettingsOf } from '#lib/probe/probe-tls.ts';
import type { Prober } from '#lib/probe/prober.ts';
import { BoundedBytes } from '#lib/probe/probers/bounded-bytes.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/** The part of an answer that is searched for the expected text. */
const LONGEST_ANSWER_BYTES = 4096;

export interface TcpProberDeps extends ProbeTlsDeps {
  readonly clock: Clock;
}

/**
 * Success: the connection stands, TLS if asked for included, `send` is written and `expect` is found. Without TLS and
 * `send` not one byte is sent. Messages never hold a part of the answer.
 */
export function createTcpProber(deps: TcpProberDeps): Prober<TcpProbe> {
  return (probe, target, run) => {
    const tls = probe.tls === undefined ? undefined : tlsSettingsOf(deps, probe.tls, target);
    if (tls !== undefined && 'kind' in tls) {
      return Promise.resolve(tls);
    }
    if (tls === undefined && probe.send === undefined && probe.expect === undefined) {
      return attempt(deps.clock, run, connectOnly(probe, target));
    }
    let stream: OpenedStream | undefined;
    return attempt(deps.clock, run, {
      start(settle) {
        stream = openStream(target, tls, {
          onOpen: (opened) => converse(opened, probe, target, settle),
          onFailed: settle,
        });
        return stream.close;
      },
      onTimeout: () =>
        timeoutOutcome(target, {
          timeoutMs: probe.timeoutMs,
          phase: stream?.phase ?? 'connect',
          unanswered: `${target.port} did not send the expected text`,
        }),
    });
  };
}

function connectOnly({ timeoutMs }: TcpProbe, target: Target): Work {
  return {
    start(settle) {
      const connection = new PlainConnection(target, {
        onConnect: () => settle(SUCCESS),
        onBytes: () => {},
        onEnd: () => {},
        onError: (error) => settle(connectErrorOutcome(error, target)),
      });
      return () => connection.close();
    },
    onTimeout: () => timeoutOutcome(target, { timeoutMs, phase: 'connect', unanswered: '' }),
  };
}

function converse(socket: Socket, probe: TcpProbe, { port }: Target, settle: Settle): void {
  const { send, expect } = probe;
  if (expect !== undefined) {
    const answer = new BoundedBytes(LONGEST_ANSWER_BYTES);
    socket.on('data', (chunk: Buffer) => {
      answer.add(chunk);
      if (answer.bytes.includes(expect)) {
        settle(SUCCESS);
      } else if (answer.isFull) {
        settle(failure('UnexpectedAnswer', `${port} answered without the expected text`));
      }
    });
    socket.on('end', () => settle(endedEarly(port, answer.bytes.length)));
  }
  if (send !== undefined) {
    socket.write(send, () => expect === undefined && settle(SUCCESS));
  } else if (expect === undefined) {
    settle(SUCCESS);
  }
}

function endedEarly(port: number, answeredBytes: number): ProbeOutcome {
  return answeredBytes === 0
    ? failure('ConnectionClosed', `${port} closed the connection without an answer`)
    : failure('UnexpectedAnswer', `${port} answered without the expected text`);
}
