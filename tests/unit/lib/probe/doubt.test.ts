import { describe, expect, it } from 'vitest';
import { FAILURE_REASONS, failure, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import { doubt, type LostTime, NOTHING_LOST } from '#lib/probe/doubt.ts';

const TIMEOUT_MS = 1000;
const TIMED_OUT = failure('Timeout', 'no answer');
const HUNG_UP = failure('ConnectionClosed', '8080 closed the connection');

function lost(longestMs: number, totalMs = longestMs): LostTime {
  return { longestMs, totalMs };
}

describe('doubt', () => {
  const cases = [
    { name: 'a timeout of a prompt prober', outcome: TIMED_OUT, given: NOTHING_LOST, isBelieved: true },
    {
      name: 'a timeout after ordinary scheduling',
      outcome: TIMED_OUT,
      given: lost(40, 200),
      isBelieved: true,
    },
    { name: 'a timeout after a stall', outcome: TIMED_OUT, given: lost(100), isBelieved: false },
    { name: 'a timeout in many small stalls', outcome: TIMED_OUT, given: lost(95, 600), isBelieved: false },
    { name: 'a closed connection after a stall', outcome: HUNG_UP, given: lost(300), isBelieved: true },
    { name: 'a closed connection after a long stall', outcome: HUNG_UP, given: lost(500), isBelieved: false },
    { name: 'a closed connection in many stalls', outcome: HUNG_UP, given: lost(95, 900), isBelieved: true },
    { name: 'a success after whatever', outcome: SUCCESS, given: lost(10_000), isBelieved: true },
  ];
  it.each(cases)('$name: believed $isBelieved', ({ outcome, given, isBelieved }) => {
    const wanted = isBelieved ? outcome : { kind: 'unknown', cause: 'CheckerStalled' };
    expect(doubt(outcome, given, TIMEOUT_MS)).toMatchObject(wanted);
  });

  it('believes of all failures only what the kernel says after a long stall', () => {
    const believed = FAILURE_REASONS.filter(
      (reason) => doubt(failure(reason, 'x'), lost(10_000), TIMEOUT_MS).kind === 'failure',
    );
    expect(believed).toEqual(['ConnectionRefused', 'Unreachable']);
  });

  it('takes a long timeout to have lost more', () => {
    expect(doubt(TIMED_OUT, lost(400), 10_000)).toEqual(TIMED_OUT);
    expect(doubt(TIMED_OUT, lost(1000), 10_000).kind).toBe('unknown');
  });
});
