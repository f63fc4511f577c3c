import { describe, expect, it } from 'vitest';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import type { WaitingPlan } from '#lib/core/slice/write-pace.ts';
import { WritePacer } from '../../../../images/agent/src/write-pacer.ts';
import { anEndpoint, aSlice } from '../../../support/builders.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const KEY = 'default/web';

const atOnce = { urgency: 'atOnce', endpoints: 20 } as const;
const soon = { urgency: 'soon', endpoints: 20 } as const;
const later = { urgency: 'later', endpoints: 20 } as const;

/** An update of a slice to so many endpoints, from none. */
function updateOf(name: string, count: number, ready = true): Plan<EndpointSlice>['update'][number] {
  const endpoints = Array.from({ length: count }, (_, index) =>
    anEndpoint({ podName: `${name}-${index}`, conditions: { ready, serving: ready, terminating: false } }),
  );
  return { current: aSlice({ name, endpoints: [] }), next: aSlice({ name, endpoints }) };
}

function planOf(...update: Plan<EndpointSlice>['update']): Plan<EndpointSlice> {
  return { create: [], update, delete: [] };
}

/** A pacer and what it says about one object. */
function pacing() {
  const clock = new FakeClock();
  const pacer = new WritePacer(clock);
  const waitMs = (waiting: WaitingPlan, key = KEY) => {
    const paced = pacer.pace(key, planOf(updateOf('web-a', 1)), waiting);
    return paced.kind === 'wait' ? paced.ms : 0;
  };
  const write = (endpoints: number) => {
    const plan = planOf(updateOf('web-a', endpoints));
    pacer.noteWrite(KEY, plan, plan);
  };
  return { clock, pacer, waitMs, write };
}

describe('WritePacer', () => {
  it('never holds back what is urgent', () => {
    const { waitMs, write } = pacing();
    for (let count = 0; count < 50; count += 1) {
      expect(waitMs(atOnce)).toBe(0);
      write(25);
    }
  });

  it('lets a few endpoints change as often as they like', async () => {
    const { clock, waitMs, write } = pacing();
    for (let count = 0; count < 100; count += 1) {
      expect(waitMs(soon)).toBe(0);
      write(2);
      await clock.advance(160);
    }
  });

  it('lets a second run ahead, then so many endpoints a second', async () => {
    const { clock, waitMs, write } = pacing();
    for (let count = 0; count < 2; count += 1) {
      expect(waitMs(soon)).toBe(0);
      write(8);
    }
    expect(waitMs(soon)).toBe(280);
    await clock.advance(280);
    expect(waitMs(soon)).toBe(0);
    expect(waitMs(soon, 'default/other')).toBe(0);
  });

  it('lets what nobody misses wait from its first look, and for what was written before', async () => {
    const { clock, waitMs, write } = pacing();
    expect(waitMs(later)).toBe(1_000);
    await clock.advance(400);
    expect(waitMs(later)).toBe(600);
    await clock.advance(600);
    expect(waitMs(later)).toBe(0);
    write(20);
    expect(waitMs(later)).toBe(1_600);
  });

  it('lets nothing that is due soon wait longer than two seconds', () => {
    const { waitMs, write } = pacing();
    write(500);
    write(500);
    expect(waitMs(soon)).toBe(2_000);
  });

  it.each([
    { endpoints: 0, want: 500 },
    { endpoints: 30, want: 1_500 },
    { endpoints: 1000, want: 5_000 },
  ])(
    'lets it wait the longer the more endpoints there are, up to a limit: $endpoints',
    ({ endpoints, want }) => {
      expect(pacing().waitMs({ urgency: 'later', endpoints })).toBe(want);
    },
  );

  it('counts the wait anew once there was nothing to write', async () => {
    const { clock, pacer, waitMs } = pacing();
    waitMs(later);
    await clock.advance(900);
    pacer.noteRest(KEY);
    expect(waitMs(later)).toBe(1_000);
  });

  it('writes what is missed without what is not, until that has waited long enough', async () => {
    const { clock, pacer } = pacing();
    const missed = planOf(updateOf('web-a', 1));
    const plan = planOf(updateOf('web-a', 1), updateOf('web-b', 1, false));
    expect(pacer.pace(KEY, plan, soon)).toEqual({ kind: 'write', plan: missed });
    pacer.noteWrite(KEY, plan, missed);
    await clock.advance(900);
    expect(pacer.pace(KEY, plan, soon)).toEqual({ kind: 'write', plan: missed });
    pacer.noteWrite(KEY, plan, missed);
    await clock.advance(100);
    expect(pacer.pace(KEY, plan, soon)).toEqual({ kind: 'write', plan });
    expect(pacer.pace('default/other', plan, { ...atOnce, isIndivisible: true })).toEqual({
      ...{ kind: 'write', plan },
    });
  });
});
