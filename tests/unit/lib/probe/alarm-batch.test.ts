import { describe, expect, it } from 'vitest';
import type { Target } from '#lib/core/probe/target.ts';
import { batchAlarms } from '#lib/probe/alarm-batch.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { TARGET, targetNumber } from './probe-fixture.ts';

describe('batchAlarms', () => {
  const otherPort: Target = { ...TARGET, port: 9090 };
  const otherPod: Target = { ...TARGET, podUid: 'uid-web-2' };
  const targets = [TARGET, otherPort, otherPod, targetNumber(1)];

  function listen(): { readonly clock: FakeClock; readonly told: Target[][]; raise(target: Target): void } {
    const clock = new FakeClock();
    const told: Target[][] = [];
    return { clock, told, raise: batchAlarms(clock, (isMeant) => void told.push(targets.filter(isMeant))) };
  }

  it('tells once of all that came together, each by pod, address and port', async () => {
    const { clock, told, raise } = listen();
    raise(TARGET);
    raise(targetNumber(1));
    raise(TARGET);
    await clock.advance(1);
    expect(told).toEqual([[TARGET, targetNumber(1)]]);
  });

  it('tells of what came later by itself', async () => {
    const { clock, told, raise } = listen();
    raise(otherPort);
    await clock.advance(1);
    raise(otherPod);
    await clock.advance(1);
    expect(told).toEqual([[otherPort], [otherPod]]);
  });
});
