import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lease } from '#lib/core/kubernetes.ts';
import {
  type Candidate,
  decideLease,
  type ObservedLease,
  observe,
  releasedSpec,
} from '#lib/kube/lease-decision.ts';

const now = new Date('2026-01-01T00:00:00Z');
const me = (monotonicMs: number): Candidate => ({ identity: 'me', durationSeconds: 15, monotonicMs, now });
const aLease = (spec: Lease['spec'], resourceVersion = '1'): Lease => ({
  metadata: { name: 'l', namespace: 'n', uid: 'u', resourceVersion },
  ...(spec === undefined ? {} : { spec }),
});

describe('decideLease', () => {
  const other = aLease({ holderIdentity: 'other', leaseDurationSeconds: 15, leaseTransitions: 3 });
  const cases = [
    { name: 'takes a Lease that does not exist', given: decideLease(undefined, me(0)), want: 'hold' },
    {
      name: 'takes a Lease without a holder',
      given: decideLease({ lease: aLease(undefined), sinceMs: 0 }, me(0)),
      want: 'hold',
    },
    {
      name: 'waits while another holds it',
      given: decideLease({ lease: other, sinceMs: 0 }, me(14_999)),
      want: 'wait',
    },
    {
      name: 'takes it when nothing changed for its duration',
      given: decideLease({ lease: other, sinceMs: 0 }, me(15_000)),
      want: 'hold',
    },
    {
      name: 'trusts its own observation more than a renewTime long ago',
      given: decideLease(
        { lease: aLease({ ...other.spec, renewTime: '2001-01-01T00:00:00.000000Z' }), sinceMs: 0 },
        me(1),
      ),
      want: 'wait',
    },
    {
      name: 'takes a released Lease at once',
      given: decideLease({ lease: aLease(releasedSpec(other, now)), sinceMs: 0 }, me(0)),
      want: 'hold',
    },
  ];
  test.each(cases)('$name', ({ given, want }) => {
    expect(given.kind).toBe(want);
  });

  test('renewing keeps the time of acquisition and the count; taking over counts', () => {
    const mine = aLease({ holderIdentity: 'me', acquireTime: 'then', leaseTransitions: 3 });
    expect(decideLease({ lease: mine, sinceMs: 0 }, me(1))).toMatchObject({
      spec: { acquireTime: 'then', leaseTransitions: 3, renewTime: '2026-01-01T00:00:00.000000Z' },
    });
    expect(decideLease({ lease: other, sinceMs: 0 }, me(20_000))).toMatchObject({
      spec: { holderIdentity: 'me', acquireTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 4 },
    });
  });
});

test('an unchanged version keeps its age, a changed one starts anew', () => {
  const first = observe(undefined, aLease(undefined, '1'), 100);
  expect(observe(first, aLease(undefined, '1'), 900)).toEqual(first);
  expect(observe(first, aLease(undefined, '2'), 900).sinceMs).toBe(900);
});

/** A candidate whose monotonic clock started at another moment than the others'. */
class Model {
  observed: ObservedLease | undefined;
  heldUntilMs = 0;
  readonly identity: string;
  readonly offsetMs: number;
  constructor(identity: string, offsetMs: number) {
    this.identity = identity;
    this.offsetMs = offsetMs;
  }
}

test('two never hold it at once, however they are delayed', () => {
  const step = fc.record({ who: fc.nat(2), passesMs: fc.nat(9_000), writeTakesMs: fc.nat(4_000) });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.array(fc.nat(1e6), { minLength: 3, maxLength: 3 }),
      (steps, offsets) => {
        const models = offsets.map((offset, index) => new Model(`p${index}`, offset));
        let timeMs = 0;
        let version = 0;
        let stored: Lease | undefined;
        for (const { who, passesMs, writeTakesMs } of steps) {
          timeMs += passesMs;
          const model = models[who];
          if (model === undefined) continue;
          const localMs = () => timeMs + model.offsetMs;
          model.observed = stored === undefined ? undefined : observe(model.observed, stored, localMs());
          const startMs = timeMs;
          const candidate = { identity: model.identity, durationSeconds: 15, monotonicMs: localMs(), now };
          const decision = decideLease(model.observed, candidate);
          if (decision.kind === 'wait') continue;
          timeMs += writeTakesMs;
          stored = aLease(decision.spec, String(++version));
          model.observed = { lease: stored, sinceMs: startMs + model.offsetMs };
          // The leader trusts its Lease for ten of the fifteen seconds, from before the write.
          model.heldUntilMs = startMs + 10_000;
          expect(models.filter(({ heldUntilMs }) => heldUntilMs > timeMs).length).toBeLessThan(2);
        }
      },
    ),
  );
});
