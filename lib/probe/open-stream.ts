import type { Socket } from 'node:net';
import { failure, type ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { connectErrorOutcome, errorCode } from '#lib/probe/connect-error.ts';
import { dial, endWithReset } from '#lib/probe/dial.ts';
import { durationText } from '#lib/probe/duration-text.ts';
import { startTls, type TlsSettings, tlsErrorOutcome } from '#lib/probe/tls-handshake.ts';

/** How far a stream has come. */
export type StreamPhase = 'connect' | 'handshake' | 'open';

export interface StreamEvents {
  /** Bytes can go through. `protocol`: what ALPN has agreed upon, if anything. */
  onOpen(stream: Socket, protocol: string | undefined): void;
  /** The stream failed or broke; may come after `onOpen`, and more than once. */
  onFailed(outcome: ProbeOutcome): void;
}

/** A connection to a target, with TLS or without. */
export interface OpenedStream {
  readonly phase: StreamPhase;
  /** Ends the connection without TIME_WAIT. */
  close(): void;
}

export interface StreamTimeout {
  readonly timeoutMs: number;
  readonly phase: StreamPhase;
  readonly unanswered: string;
}

/** Dials the target and, if asked to, completes a TLS handshake. */
export function openStream(
  target: Target,
  tls: TlsSettings | undefined,
  { onOpen, onFailed }: StreamEvents,
): OpenedStream {
  let phase: StreamPhase = 'connect';
  const socket = dial(target, {
    onConnect: (connected) => {
      if (tls === undefined) {
        phase = 'open';
        onOpen(connected, undefined);
        return;
      }
      phase = 'handshake';
      const secured = startTls(connected, tls, () => {
        phase = 'open';
        onOpen(secured, secured.alpnProtocol || undefined);
      });
      secured.on('error', (error) => onFailed(tlsOutcome(error, target, tls.serverName, phase)));
      secured.once('close', () => onFailed(closedOutcome(target, phase)));
    },
    onError: (error) => onFailed(connectErrorOutcome(error, target)),
  });
  return {
    get phase() {
      return phase;
    },
    close: () => endWithReset(socket),
  };
}

/** TLS 1.3 servers refuse a client only after its side of the handshake has ended. */
function tlsOutcome(error: Error, target: Target, serverName: string, phase: StreamPhase): ProbeOutcome {
  return phase === 'handshake' || errorCode(error).startsWith('ERR_SSL_')
    ? tlsErrorOutcome(error, target, serverName)
    : connectErrorOutcome(error, target);
}

/** The peer has closed the stream without a word. */
export function closedOutcome({ port }: Target, phase: StreamPhase): ProbeOutcome {
  const when = phase === 'handshake' ? 'during the TLS handshake' : 'without an answer';
  return failure('ConnectionClosed', `${port} closed the connection ${when}`);
}

/** The deadline has passed in this phase; `unanswered` says what is missing once the stream is open. */
export function timeoutOutcome(
  { port }: Target,
  { timeoutMs, phase, unanswered }: StreamTimeout,
): ProbeOutcome {
  const missing = {
    connect: `no answer from ${port}`,
    handshake: `no TLS handshake with ${port}`,
    open: unanswered,
  }[phase];
  return failure('Timeout', `${missing} within ${durationText(timeoutMs)}`);
}
