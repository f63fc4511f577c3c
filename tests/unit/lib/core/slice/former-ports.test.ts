import { describe, expect, it } from 'vitest';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import { aCondition, anSwh, aPod, aVerdict } from '../../../../support/builders.ts';
import { planInput, publish } from '../../../../support/slice-planning.ts';

/** The object with these port names in its second generation, and the generation that the Service reflects. */
function swhWith(names: readonly string[], observedGeneration: number) {
  const ports = names.map((name, index) => ({ name, port: 80 + index, targetPort: 8080 + index }));
  const conditions = [aCondition({ type: 'ChildServiceReady', observedGeneration })];
  return anSwh({ generation: 2, service: { ports }, conditions });
}

function namesIn(slices: readonly EndpointSlice[]): readonly string[] {
  return slices.map(({ ports }) => (ports ?? []).map(({ name }) => name).join('+')).toSorted();
}

describe('names of ports that the object has dropped', () => {
  const existing = publish(planInput({ swh: swhWith(['http'], 2) }));

  it.each([
    {
      name: 'stay beside the new ones until the Service has these',
      to: ['web'],
      seen: 1,
      want: ['http', 'web'],
    },
    { name: 'go when it has', to: ['web'], seen: 2, want: ['web'] },
    { name: 'are none when a port is added', to: ['http', 'metrics'], seen: 1, want: ['http+metrics'] },
  ])('$name', ({ to, seen, want }) => {
    const after = publish(planInput({ existing, swh: swhWith(to, seen) }));
    expect(namesIn(after)).toEqual(want);
    expect(planSlices(planInput({ existing: after, swh: swhWith(to, seen) }))).toEqual({
      ...{ create: [], update: [], delete: [] },
    });
  });

  it('are never published for the first time', () => {
    expect(namesIn(publish(planInput({ swh: swhWith(['web'], 1) })))).toEqual(['web']);
  });

  it('say of an endpoint what the new ones say', () => {
    const swh = swhWith(['web'], 1);
    const both = publish(planInput({ existing, swh }));
    const down = planInput({ existing: both, swh, verdictOf: () => aVerdict({ isUp: false }) });
    const ready = publish(down).map(({ endpoints }) => endpoints.map((one) => one.conditions?.ready));
    expect(ready).toEqual([[false], [false]]);
  });

  it('take no further endpoints, and lose those that go', () => {
    const swh = swhWith(['web'], 1);
    const next = aPod({ name: 'web-2', ips: ['10.1.0.2'] });
    const grown = publish(planInput({ existing, swh, pods: [aPod(), next] }));
    expect(grown.map(({ ports, endpoints }) => [ports?.[0]?.name, endpoints.length])).toEqual([
      ['http', 1],
      ['web', 2],
    ]);
    expect(namesIn(publish(planInput({ existing: grown, swh, pods: [next] })))).toEqual(['web']);
  });
});
