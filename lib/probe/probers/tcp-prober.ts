import type { Socket } from 'node:net';
import type { TcpProbe } from '#lib/core/probe/probe.ts';
import { failure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { attempt, type Settle } from '#lib/probe/attempt.ts';
import { connectErrorOutcome } from '#lib/probe/connect-error.ts';
import { dial, endWithReset } from '#lib/probe/dial.ts';
import { durationText } from '#lib/probe/duration-text.ts';
import type { Prober } from '#lib/probe/prober.ts';
import type { Clock } from '#lib/runtime/clock.ts';

/** The part of an answer that is searched for the expected text. */
const LONGEST_ANSWER_BYTES = 4096;

/**
 * Success: the connection stands, `send` is written and `expect` is found. Without `send` not one byte is sent.
 * Messages never hold a part of the answer.
 */
export function createTcpProber(clock: Clock): Prober<TcpProbe> {
  return (probe, target, run) => {
    let isConnected = false;
    return attempt(clock, run, {
      start(settle) {
        const socket = dial(target, {
          onConnect: (connected) => {
            isConnected = true;
            converse(connected, probe, target, settle);
          },
          onError: (error) => settle(connectErrorOutcome(error, target)),
        });
        return () => endWithReset(socket);
      },
      onTimeout: () => timeout(probe, target, isConnected),
    });
  };
}

function converse(socket: Socket, probe: TcpProbe, { port }: Target, settle: Settle): void {
  const { send, expect } = probe;
  if (expect !== undefined) {
    let answer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]).subarray(0, LONGEST_ANSWER_BYTES);
      if (answer.includes(expect)) {
        settle(SUCCESS);
      } else if (answer.length === LONGEST_ANSWER_BYTES) {
        settle(failure('UnexpectedAnswer', `${port} answered without the expected text`));
      }
    });
    socket.on('end', () => settle(endedEarly(port, answer.length)));
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

function timeout(probe: TcpProbe, { port }: Target, isConnected: boolean): ProbeOutcome {
  const within = `within ${durationText(probe.timeoutMs)}`;
  return isConnected
    ? failure('Timeout', `${port} did not send the expected text ${within}`)
    : failure('Timeout', `no answer from ${port} ${within}`);
}
