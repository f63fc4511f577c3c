import type { Socket } from 'node:net';
import type { TcpProbe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { connectErrorOutcome } from '#lib/probe/connect-error.ts';
import { type OpenedStream, openStream, timeoutOutcome } from '#lib/probe/open-stream.ts';
import { PlainConnection, type PlainConnectionUser } from '#lib/probe/plain-connection.ts';
import { type ProbeTlsDeps, tlsSettingsOf } from '#lib/probe/probe-tls.ts';
import type { Prober, Settler, Work } from '#lib/probe/prober.ts';
import { BoundedBytes } from '#lib/probe/probers/bounded-bytes.ts';
import type { TlsSettings } from '#lib/probe/tls-handshake.ts';

/** The part of an answer that is searched for the expected text. */
const LONGEST_ANSWER_BYTES = 4096;

/**
 * Success: the connection stands, TLS if asked for included, `send` is written and `expect` is found. Without TLS and
 * `send` not one byte is sent. Messages never hold a part of the answer.
 */
export function createTcpProber(deps: ProbeTlsDeps): Prober<TcpProbe> {
  return (probe, target) => {
    const tls = probe.tls === undefined ? undefined : tlsSettingsOf(deps, probe.tls, target);
    if (tls !== undefined && 'kind' in tls) return tls;
    return tls === undefined && probe.send === undefined && probe.expect === undefined
      ? new Connecting(probe, target)
      : new Conversation(probe, target, tls);
  };
}

/** Nothing but a connection, and not a byte on it. */
class Connecting implements Work, PlainConnectionUser {
  readonly #probe: TcpProbe;
  readonly #target: Target;
  #connection: PlainConnection | undefined;
  #settler: Settler | undefined;

  constructor(probe: TcpProbe, target: Target) {
    this.#probe = probe;
    this.#target = target;
  }

  start(settler: Settler): void {
    this.#settler = settler;
    this.#connection = new PlainConnection(this.#target, this);
  }

  onTimeout(): ProbeOutcome {
    const { timeoutMs } = this.#probe;
    return timeoutOutcome(this.#target, { timeoutMs, phase: 'connect', unanswered: '' });
  }

  release(): void {
    this.#connection?.close();
  }

  onConnect(): void {
    this.#settler?.settle(SUCCESS);
  }

  onBytes(): void {}

  onEnd(): void {}

  onError(error: Error): void {
    this.#settler?.settle(connectErrorOutcome(error, this.#target));
  }
}

/** A connection over which something is said or heard, be it a TLS handshake. */
class Conversation implements Work {
  readonly #probe: TcpProbe;
  readonly #target: Target;
  readonly #tls: TlsSettings | undefined;
  #stream: OpenedStream | undefined;

  constructor(probe: TcpProbe, target: Target, tls: TlsSettings | undefined) {
    this.#probe = probe;
    this.#target = target;
    this.#tls = tls;
  }

  start(settler: Settler): void {
    this.#stream = openStream(this.#target, this.#tls, {
      onOpen: (opened) => converse(opened, this.#probe, this.#target, settler),
      onFailed: (outcome) => settler.settle(outcome),
    });
  }

  onTimeout(): ProbeOutcome {
    const { port } = this.#target;
    return timeoutOutcome(this.#target, {
      timeoutMs: this.#probe.timeoutMs,
      phase: this.#stream?.phase ?? 'connect',
      unanswered: `${port} did not send the expected text`,
    });
  }

  release(): void {
    this.#stream?.close();
  }
}

function converse(socket: Socket, probe: TcpProbe, { port }: Target, settler: Settler): void {
  const { send, expect } = probe;
  if (expect !== undefined) {
    const answer = new BoundedBytes(LONGEST_ANSWER_BYTES);
    socket.on('data', (chunk: Buffer) => {
      answer.add(chunk);
      if (answer.bytes.includes(expect)) {
        settler.settle(SUCCESS);
      } else if (answer.isFull) {
        settler.settle(failure('UnexpectedAnswer', `${port} answered without the expected text`));
      }
    });
    socket.on('end', () => settler.settle(endedEarly(port, answer.bytes.length)));
  }
  if (send !== undefined) {
    socket.write(send, () => expect === undefined && settler.settle(SUCCESS));
  } else if (expect === undefined) {
    settler.settle(SUCCESS);
  }
}

function endedEarly(port: number, answeredBytes: number): ProbeOutcome {
  return answeredBytes === 0
    ? failure('ConnectionClosed', `${port} closed the connection without an answer`)
    : failure('UnexpectedAnswer', `${port} answered without the expected text`);
}
