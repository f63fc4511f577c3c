import { describe, expect, it } from 'vitest';
import type { Pod } from '#lib/core/kubernetes.ts';
import { freezeSlices } from '#lib/core/slice/rejected-object.ts';
import { anEndpoint, aPod, aSlice } from '../../../../support/builders.ts';
import { deepFreeze } from '../../../../support/deep-freeze.ts';
import { applyInMemory } from '../../../../support/in-memory-plan.ts';

const slice = deepFreeze(
  aSlice({
    annotations: { any: 'thing' },
    endpoints: [anEndpoint(), anEndpoint({ podName: 'web-2', address: '10.1.0.2' })],
  }),
);
const second = aPod({ name: 'web-2', ips: ['10.1.0.2'] });

describe('freezeSlices', () => {
  const cases: readonly { name: string; pods: readonly Pod[]; want: readonly string[] }[] = [
    { name: 'all pods are there', pods: [aPod(), second], want: ['web-1', 'web-2'] },
    { name: 'a pod is not ready', pods: [aPod({ isReady: false }), second], want: ['web-1', 'web-2'] },
    { name: 'a pod is new', pods: [aPod(), second, aPod({ name: 'web-3' })], want: ['web-1', 'web-2'] },
    { name: 'a pod is gone', pods: [second], want: ['web-2'] },
    { name: 'a pod was replaced', pods: [aPod({ uid: 'uid-next' }), second], want: ['web-2'] },
    { name: 'a pod has failed', pods: [aPod({ phase: 'Failed' }), second], want: ['web-2'] },
    { name: 'a pod has another address', pods: [aPod({ ips: ['10.1.0.9'] }), second], want: ['web-2'] },
    { name: 'all pods are gone', pods: [], want: [] },
  ];
  it.each(cases)('keeps what is published while $name', ({ pods, want }) => {
    const after = applyInMemory([slice], freezeSlices([slice], pods));
    const names = after.flatMap(({ endpoints }) => endpoints.map(({ targetRef }) => targetRef?.name));
    expect(names).toEqual(want);
    expect(freezeSlices(after, pods)).toEqual({ create: [], update: [], delete: [] });
  });

  it('changes nothing but the list of endpoints', () => {
    const [update] = freezeSlices([slice], [second]).update;
    expect(update).toEqual({ current: slice, next: { ...slice, endpoints: [slice.endpoints[1]] } });
  });

  it('deletes a slice that loses its last endpoint, but not one that was empty', () => {
    const empty = aSlice({ name: 'web-empty', endpoints: [] });
    expect(freezeSlices([slice, empty], []).delete).toEqual([slice]);
  });

  it('leaves an endpoint alone that names no pod', () => {
    const nameless = aSlice({ endpoints: [{ addresses: ['10.1.0.1'] }] });
    expect(freezeSlices([nameless], [])).toEqual({ create: [], update: [], delete: [] });
  });

  it('knows an address in whatever form it is written', () => {
    const six = aSlice({ addressType: 'IPv6', endpoints: [anEndpoint({ address: 'fd00:0::1' })] });
    expect(freezeSlices([six], [aPod({ ips: ['fd00::1'] })]).delete).toEqual([]);
  });
});
