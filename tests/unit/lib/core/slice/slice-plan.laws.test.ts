import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { isEmpty } from '#lib/core/plan.ts';
import { planSlices, type SlicePlanInput } from '#lib/core/slice/slice-plan.ts';
import { anSwh, aVerdict } from '../../../../support/builders.ts';
import { applyInMemory } from '../../../../support/in-memory-plan.ts';
import { manyPods, planInput, publish } from '../../../../support/slice-planning.ts';
import { FOREIGN, world } from '../../../../support/slice-worlds.ts';

/** The world after publishing the first state, then the second: what the laws are asked of. */
const history = fc.tuple(world, world).map(([first, second]): SlicePlanInput => {
  return { ...second, existing: publish(first) };
});

function own(slices: readonly EndpointSlice[]): readonly EndpointSlice[] {
  return slices.filter(({ metadata }) => !metadata.name.startsWith('foreign-'));
}

/** Every `address, port name, protocol, number` of own slices with its conditions. */
function claimsIn(slices: readonly EndpointSlice[]): readonly (readonly [string, string])[] {
  return own(slices).flatMap(({ endpoints, ports }) =>
    endpoints.flatMap(({ addresses, conditions }) => {
      const numbers = (ports ?? []).map(({ name, port, protocol }) => `${name} ${protocol} ${port}`);
      const claims = numbers.length === 0 ? ['-'] : numbers;
      return claims.map((claim) => [`${addresses[0]} ${claim}`, JSON.stringify(conditions)] as const);
    }),
  );
}

describe('planSlices', () => {
  it('is done after one plan', () => {
    fc.assert(
      fc.property(history, (input) => {
        const plan = planSlices({ ...input, existing: publish(input) });
        expect(isEmpty(plan)).toBe(true);
      }),
    );
  });

  it('does not depend on the order of pods and slices', () => {
    fc.assert(
      fc.property(history, (input) => {
        const turned = {
          ...input,
          pods: input.pods.toReversed(),
          existing: input.existing.toReversed(),
        };
        expect(planSlices(turned)).toEqual(planSlices(input));
      }),
    );
  });

  it('never says two things about an address and port', () => {
    fc.assert(
      fc.property(history, (input) => {
        const claims = claimsIn(publish(input));
        const addresses = new Set(claims.map(([claim]) => claim));
        expect(new Set(claims.map(String)).size).toBe(addresses.size);
      }),
    );
  });

  it('touches own slices only, and leaves the input as it was', () => {
    fc.assert(
      fc.property(history, fc.constantFrom('publish', 'hold', 'withdraw'), (input, publication) => {
        const after = publish({ ...input, publication });
        expect(after.filter((slice) => FOREIGN.includes(slice))).toEqual(FOREIGN);
      }),
    );
  });

  it('leaves no slice with ports that no pod resolves to, none empty, none of another family', () => {
    fc.assert(
      fc.property(history, (given) => {
        const input: SlicePlanInput = { ...given, publication: 'publish' };
        const after = own(publish(input));
        const fresh = own(publish({ ...input, existing: [] }));
        expect(new Set(after.map(shapeOf))).toEqual(new Set(fresh.map(shapeOf)));
        expect(after.filter(({ endpoints }) => endpoints.length === 0)).toEqual([]);
      }),
    );
  });

  it('says the same from whatever it starts', () => {
    fc.assert(
      fc.property(history, (given) => {
        const input: SlicePlanInput = { ...given, publication: 'publish' };
        expect(claimsIn(publish(input)).toSorted()).toEqual(
          claimsIn(publish({ ...input, existing: [] })).toSorted(),
        );
      }),
    );
  });

  it('never fills a slice above 100 nor moves an endpoint out of its slice', () => {
    const count = fc.integer({ min: 0, max: 260 });
    fc.assert(
      fc.property(count, count, fc.nat(4), (first, second, skip) => {
        const before = publish(planInput({ pods: manyPods(first) }));
        const pods = manyPods(second).filter((_, index) => index % 5 !== skip);
        const after = publish(planInput({ pods, existing: before }));
        expect(Math.max(0, ...after.map(({ endpoints }) => endpoints.length))).toBeLessThanOrEqual(100);
        const homes = homesIn(after);
        const moved = [...homesIn(before)].filter(([uid, home]) => homes.has(uid) && homes.get(uid) !== home);
        expect(moved).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('updates exactly one slice when one pod flips', () => {
    const pods = manyPods(230);
    const before = publish(planInput({ pods }));
    fc.assert(
      fc.property(fc.nat(229), fc.boolean(), (index, byProbe) => {
        const flipped = pods[index];
        if (flipped === undefined) throw new Error('no pod');
        const uid = flipped.metadata.uid;
        const unready = { ...flipped, status: { ...flipped.status, containerStatuses: [] } };
        const plan = planSlices(
          planInput({
            existing: before,
            pods: byProbe ? pods : pods.with(index, unready),
            verdictOf: (podUid) => aVerdict({ isUp: !byProbe || podUid !== uid }),
          }),
        );
        expect([plan.create.length, plan.update.length, plan.delete.length]).toEqual([0, 1, 0]);
      }),
      { numRuns: 25 },
    );
  });

  it('shows every endpoint at each step of a move between slices', () => {
    const pods = manyPods(120);
    const before = publish(planInput({ pods }));
    const swh = anSwh({ service: { ports: [{ name: 'http', port: 80, targetPort: 9090 }] } });
    const plan = planSlices(planInput({ swh, pods, existing: before }));
    const created = applyInMemory(before, { create: plan.create, update: [], delete: [] });
    const shown = new Set(created.flatMap(({ endpoints }) => endpoints.map((one) => one.targetRef?.uid)));
    expect(shown.size).toBe(120);
    expect(
      publish(planInput({ swh, pods, existing: before })).every(({ ports }) => ports?.[0]?.port === 9090),
    ).toBe(true);
  });
});

function shapeOf({ addressType, ports }: EndpointSlice): string {
  return `${addressType} ${JSON.stringify(ports)}`;
}

function homesIn(slices: readonly EndpointSlice[]): ReadonlyMap<string, string> {
  return new Map(
    slices.flatMap(({ metadata, endpoints }) =>
      endpoints.map(({ targetRef }) => [targetRef?.uid ?? '', metadata.name] as const),
    ),
  );
}
