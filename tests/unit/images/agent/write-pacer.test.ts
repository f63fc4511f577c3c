import { describe, expect, it } from 'vitest';
import { WritePacer } from '../../../../images/agent/src/write-pacer.ts';
import { anEndpoint, aSlice } from '../../../support/builders.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const KEY = 'default/web';

const atOnce = { urgency: 'atOnce', endpoints: 20 } as const;
const soon = { urgency: 'soon', endpoints: 20 } as const;
const later = { urgency: 'later', endpoints: 20 } as const;

/** A plan that updates one slice with so many endpoints. */
function planOf(count: number) {
  const endpoints = Array.from({ length: count }, (_, index) => anEndpoint({ podName: `web-${index}` }));
  return { create: [], update: [{ current: aSlice(), next: aSlice({ endpoints }) }], delete: [] };
}

describe('WritePacer', () => {
  it('never holds back what is urgent', () => {
    const pacer = new WritePacer(new FakeClock());
    for (let count = 0; count < 50; count += 1) {
      expect(pacer.waitMs(KEY, atOnce)).toBe(0);
      pacer.noteWrite(KEY, planOf(25));
    }
  });

  it('lets a few endpoints change as often as they like', async () => {
    const clock = new FakeClock();
    const pacer = new WritePacer(clock);
    for (let count = 0; count < 100; count += 1) {
      expect(pacer.waitMs(KEY, soon)).toBe(0);
      pacer.noteWrite(KEY, planOf(2));
      await clock.advance(160);
    }
  });

  it('lets a second run ahead, then so many endpoints a second', async () => {
    const clock = new FakeClock();
    const pacer = new WritePacer(clock);
    for (let count = 0; count < 2; count += 1) {
      expect(pacer.waitMs(KEY, soon)).toBe(0);
      pacer.noteWrite(KEY, planOf(12));
    }
    expect(pacer.waitMs(KEY, soon)).toBe(920);
    await clock.advance(920);
    expect(pacer.waitMs(KEY, soon)).toBe(0);
    expect(pacer.waitMs('default/other', soon)).toBe(0);
  });

  it('lets what nobody misses wait a second from its first look, and for what was written before', async () => {
    const clock = new FakeClock();
    const pacer = new WritePacer(clock);
    expect(pacer.waitMs(KEY, later)).toBe(1_000);
    await clock.advance(400);
    expect(pacer.waitMs(KEY, later)).toBe(600);
    await clock.advance(600);
    expect(pacer.waitMs(KEY, later)).toBe(0);
    pacer.noteWrite(KEY, planOf(100));
    expect(pacer.waitMs(KEY, later)).toBe(8_000);
  });

  it.each([
    { endpoints: 0, want: 500 },
    { endpoints: 30, want: 1_500 },
    { endpoints: 1000, want: 5_000 },
  ])(
    'lets it wait the longer the more endpoints there are, up to a limit: $endpoints',
    ({ endpoints, want }) => {
      expect(new WritePacer(new FakeClock()).waitMs(KEY, { urgency: 'later', endpoints })).toBe(want);
    },
  );

  it('counts the wait anew once there was nothing to write', async () => {
    const clock = new FakeClock();
    const pacer = new WritePacer(clock);
    pacer.waitMs(KEY, later);
    await clock.advance(900);
    pacer.noteRest(KEY);
    expect(pacer.waitMs(KEY, later)).toBe(1_000);
  });
});
