import { describe, expect, it } from 'vitest';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { missingAfterRename, renamedPorts } from '#lib/core/service/renamed-ports.ts';
import { anEndpoint, aSlice } from '../../../../support/builders.ts';

describe('renamedPorts', () => {
  it.each([
    {
      name: 'another name',
      before: [{ name: 'a', port: 80 }],
      after: [{ name: 'b', port: 80 }],
      want: [{ before: 'a', after: 'b' }],
    },
    {
      name: 'a first name',
      before: [{ port: 80 }],
      after: [
        { name: 'a', port: 80, protocol: 'TCP' },
        { name: 'b', port: 81 },
      ],
      want: [{ before: '', after: 'a' }],
    },
    { name: 'another number', before: [{ name: 'a', port: 80 }], after: [{ name: 'b', port: 81 }], want: [] },
    {
      name: 'another protocol',
      before: [{ name: 'a', port: 80 }],
      after: [{ name: 'b', port: 80, protocol: 'UDP' }],
      want: [],
    },
    { name: 'nothing', before: [{ name: 'a', port: 80 }], after: [{ name: 'a', port: 80 }], want: [] },
  ])('$name', ({ before, after, want }) => {
    expect(renamedPorts(before, after)).toEqual(want);
  });
});

describe('missingAfterRename', () => {
  const renamed = [{ before: 'a', after: 'b' }];
  const under = (name: string, ...pods: readonly string[]): EndpointSlice =>
    aSlice({
      name: `slice-${name}`,
      ports: [{ name, port: 8080, protocol: 'TCP' }],
      endpoints: pods.map((podName) =>
        anEndpoint({
          podName,
          conditions: { ready: !podName.startsWith('down'), serving: true, terminating: false },
        }),
      ),
    });
  const standard = aSlice({
    labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
    ports: [{ name: 'a', port: 8080, protocol: 'TCP' }],
  });

  it.each([
    { name: 'nobody, where nothing stands', slices: [], want: [] },
    {
      name: 'a pod under the former name only',
      slices: [under('a', 'x', 'y'), under('b', 'y')],
      want: ['x'],
    },
    { name: 'nobody, once all are there', slices: [under('a', 'x'), under('b', 'x')], want: [] },
    { name: 'no pod that is not ready', slices: [under('a', 'down-x')], want: [] },
    { name: 'no pod of somebody else’s slices', slices: [standard], want: [] },
  ])('$name', ({ slices, want }) => {
    expect(missingAfterRename(renamed, slices)).toEqual(want);
  });
});
