import { describe, expect, it } from 'vitest';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { endpointRemovals } from '../../../../dev/workload/endpoint-removals.ts';
import type { RecordedChange } from '../../../../dev/workload/object-watch.ts';

/** A change of a slice to these ready pods; in brackets: not ready. */
function change(
  atMs: number,
  slice: string,
  pods: readonly string[],
  kind: 'stored' | 'deleted' = 'stored',
): RecordedChange<EndpointSlice> {
  const endpoints = pods.map((pod) => ({
    addresses: ['10.1.0.1'],
    conditions: { ready: !pod.startsWith('(') },
    targetRef: { kind: 'Pod', name: pod.replace(/[()]/g, '') },
  }));
  return { atMs, kind, object: { metadata: { name: slice }, addressType: 'IPv4', endpoints } };
}

describe('endpointRemovals', () => {
  const cases = [
    {
      name: 'an endpoint that is no longer ready',
      changes: [change(1, 's', ['a', 'b']), change(5, 's', ['(a)', 'b'])],
      want: [{ pod: 'a', atMs: 5 }],
    },
    {
      name: 'an endpoint that is gone',
      changes: [change(1, 's', ['a', 'b']), change(5, 's', ['b'])],
      want: [{ pod: 'a', atMs: 5 }],
    },
    {
      name: 'those of a deleted slice',
      changes: [change(1, 's', ['a']), change(5, 's', ['a'], 'deleted')],
      want: [{ pod: 'a', atMs: 5 }],
    },
    {
      name: 'each time that one leaves',
      changes: [change(1, 's', ['a']), change(5, 's', []), change(6, 's', ['a']), change(7, 's', [])],
      want: [
        { pod: 'a', atMs: 5 },
        { pod: 'a', atMs: 7 },
      ],
    },
    {
      name: 'no endpoint that moves to another slice',
      changes: [change(1, 's', ['a']), change(5, 't', ['a']), change(6, 's', [])],
      want: [],
    },
    {
      name: 'nothing from before',
      changes: [change(1, 's', ['a', 'b']), change(2, 's', ['b']), change(5, 's', ['b'])],
      want: [],
    },
    { name: 'none that was never ready', changes: [change(5, 's', ['(a)']), change(6, 's', [])], want: [] },
  ];
  it.each(cases)('counts $name', ({ changes, want }) => {
    expect(endpointRemovals(changes, 4)).toEqual(want);
  });
});
