import { describe, expect, it } from 'vitest';
import { PROBE_RESULTS_ANNOTATION } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { definitionHash, probeResultsOf, restoreVerdict } from '#lib/core/slice/probe-results.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import {
  anEndpoint,
  anHttpProbe,
  anSwh,
  aPod,
  aSlice,
  aTcpProbe,
  aVerdict,
} from '../../../../support/builders.ts';
import { planInput, publish, verdictsBy } from '../../../../support/slice-planning.ts';

const failed = [{ index: 0, probe: 'tcp:10.1.0.1:8080', message: 'refused' }];
const down = aVerdict({ isUp: false, since: '2026-01-02T00:00:00Z', failed });

describe('definitionHash', () => {
  const probes = [aTcpProbe(), anHttpProbe()];
  it('does not depend on the order of fields', () => {
    const { kind, ...rest } = aTcpProbe();
    expect(definitionHash([{ ...rest, kind }])).toBe(definitionHash([aTcpProbe()]));
  });

  it.each([
    { name: 'path', other: [aTcpProbe(), anHttpProbe({ path: '/x' })] },
    { name: 'threshold', other: [aTcpProbe({ failureThreshold: 9 }), anHttpProbe()] },
    { name: 'order', other: [anHttpProbe(), aTcpProbe()] },
    { name: 'number', other: [aTcpProbe()] },
  ])('differs with the $name', ({ other }) => {
    expect(definitionHash(other)).not.toBe(definitionHash(probes));
  });
});

describe('the planner', () => {
  it('writes the verdicts of the endpoints of the slice', () => {
    const pods = [aPod(), aPod({ name: 'web-2', ips: ['10.1.0.2'] })];
    const [slice] = publish(planInput({ pods, verdictOf: verdictsBy({ 'uid-web-1': down }) }));
    expect(slice && probeResultsOf(slice)).toEqual({
      definition: definitionHash(anSwh().healthcheck.probes),
      pods: { 'web-1': { uid: 'uid-web-1', ...down } },
    });
  });

  it('writes no annotation without probes, and removes a former one', () => {
    const existing = publish(planInput());
    const [slice] = publish(planInput({ existing, swh: anSwh({ healthcheck: { probes: [] } }) }));
    expect(slice?.metadata.annotations).toEqual({});
  });

  it('writes when the reason of a failure changes, and only then', () => {
    const before = planInput({ verdictOf: () => down });
    const existing = publish(before);
    expect(planSlices({ ...before, existing }).update).toEqual([]);
    const other = { ...down, failed: [{ index: 0, probe: 'tcp:10.1.0.1:8080', message: 'timeout' }] };
    expect(planSlices({ ...before, existing, verdictOf: () => other }).update).toHaveLength(1);
  });
});

describe('restoreVerdict', () => {
  const restored = { ...down, definition: definitionHash(anSwh().healthcheck.probes) };
  const published = publish(planInput({ verdictOf: () => down }));
  const broken = aSlice({ annotations: { [PROBE_RESULTS_ANNOTATION]: '{' } });
  const implied = { isUp: true, hasBeenUp: true, since: '2026-01-01T00:00:00Z', failed: [] };

  it.each([
    { name: 'the written verdict', slices: published, want: restored },
    { name: 'another pod', slices: published, uid: 'uid-other', want: undefined },
    { name: 'another address of the pod', slices: published, address: '10.1.0.9', want: undefined },
    { name: 'no slices', slices: [], want: undefined },
    { name: 'no annotation, serving', slices: [aSlice()], want: implied },
    { name: 'a broken annotation, serving', slices: [broken], want: implied },
    {
      name: 'no annotation, not serving',
      slices: [aSlice({ endpoints: [anEndpoint({ conditions: { ready: false, serving: false } })] })],
      want: { ...implied, isUp: false, hasBeenUp: false },
    },
    {
      name: 'no annotation, terminating but serving',
      slices: [aSlice({ endpoints: [anEndpoint({ conditions: { ready: false, serving: true } })] })],
      want: implied,
    },
    {
      name: 'no annotation, not ready and nothing else',
      slices: [aSlice({ endpoints: [anEndpoint({ conditions: { ready: false } })] })],
      want: { ...implied, isUp: false, hasBeenUp: false },
    },
    {
      name: 'no annotation, no conditions',
      slices: [aSlice({ endpoints: [anEndpoint({ conditions: {} })] })],
      want: implied,
    },
    { name: 'written before implied', slices: [aSlice(), ...published], want: restored },
    {
      name: 'an address in another form',
      slices: [aSlice({ addressType: 'IPv6', endpoints: [anEndpoint({ address: 'fd00:0::1' })] })],
      address: 'fd00::1',
      want: implied,
    },
  ])('gives $name', ({ slices, uid = 'uid-web-1', address = '10.1.0.1', want }) => {
    expect(restoreVerdict(slices, uid, address)).toEqual(want);
  });

  it('lets a restarted agent plan nothing', () => {
    const verdicts = verdictsBy({ 'uid-web-1': aVerdict(), 'uid-web-2': down });
    const pods = [aPod(), aPod({ name: 'web-2', ips: ['10.1.0.2'] })];
    const existing = publish(planInput({ pods, verdictOf: verdicts }));
    const plan = planSlices(
      planInput({
        pods,
        existing,
        verdictOf: (uid) => {
          const found = restoreVerdict(existing, uid, uid === 'uid-web-1' ? '10.1.0.1' : '10.1.0.2');
          if (found === undefined) return undefined;
          const { definition: _definition, ...rest } = found;
          return rest;
        },
      }),
    );
    expect(plan).toEqual({ create: [], update: [], delete: [] });
  });
});
