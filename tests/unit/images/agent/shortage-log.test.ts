import { describe, expect, it } from 'vitest';
import { failure, type ProbeOutcome, SUCCESS, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { LogFields, Logger } from '#lib/runtime/logger.ts';
import { logShortages } from '../../../../images/agent/src/shortage-log.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { silentLogger } from '../../../support/silent-logger.ts';

const NO_DESCRIPTORS = unknown('NoDescriptors', 'no descriptor left');
const NO_PORTS = unknown('NoLocalPorts', 'no port left');

function create() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const line = (level: string) => (_msg: string, fields?: LogFields) => {
    lines.push(`${level} ${fields?.['reason']}`);
  };
  const logger: Logger = { ...silentLogger, warn: line('warn'), info: line('info') };
  const told: ProbeOutcome[] = [];
  const observer = logShortages(
    { clock, logger },
    { started: () => {}, finished: (_kind, outcome) => void told.push(outcome) },
  );
  const finish = (outcome: ProbeOutcome): void => observer.finished('tcp', outcome, 1);
  return { clock, lines, told, finish };
}

describe('logShortages', () => {
  it('says once that a shortage has begun, for each kind of it', () => {
    const { lines, finish, told } = create();
    for (const outcome of [NO_DESCRIPTORS, SUCCESS, NO_DESCRIPTORS, NO_PORTS, NO_PORTS]) finish(outcome);
    expect(lines).toEqual(['warn NoDescriptors', 'warn NoLocalPorts']);
    expect(told).toHaveLength(5);
  });

  it('says once that it is over, after a minute without it', async () => {
    const { clock, lines, finish } = create();
    finish(NO_DESCRIPTORS);
    await clock.advance(59_000);
    finish(SUCCESS);
    finish(NO_DESCRIPTORS);
    await clock.advance(59_000);
    finish(SUCCESS);
    expect(lines).toEqual(['warn NoDescriptors']);
    await clock.advance(1000);
    finish(SUCCESS);
    finish(SUCCESS);
    expect(lines).toEqual(['warn NoDescriptors', 'info NoDescriptors']);
    finish(NO_DESCRIPTORS);
    expect(lines.at(-1)).toBe('warn NoDescriptors');
  });

  it('says nothing about other outcomes', () => {
    const { lines, finish } = create();
    for (const outcome of [SUCCESS, failure('Timeout', 'x'), unknown('CheckerStalled', 'x')]) finish(outcome);
    expect(lines).toEqual([]);
  });
});
