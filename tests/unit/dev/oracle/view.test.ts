import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import { differences } from '../../../../dev/oracle/compare-views.ts';
import { type Side, viewOf } from '../../../../dev/oracle/view.ts';
import { anEndpoint, aSlice, type SliceGiven } from '../../../support/builders.ts';

const UIDS = new Map([
  ['web-1', 'uid-web-1'],
  ['web-2', 'uid-web-2'],
]);

function aSide(slices: readonly EndpointSlice[], given: Partial<Side> = {}): Side {
  return { namespace: 'default', service: undefined, slices, podUids: UIDS, ...given };
}

function differing(a: readonly EndpointSlice[], b: readonly EndpointSlice[]): readonly string[] {
  return differences(viewOf(aSide(a)), viewOf(aSide(b))).map(({ field }) => field);
}

const first = anEndpoint();
const second = anEndpoint({ podName: 'web-2', address: '10.1.0.2' });

describe('the view of a side', () => {
  it.each<{ name: string; a: readonly SliceGiven[]; b: readonly SliceGiven[] }>([
    {
      name: 'the order of slices',
      a: [{ endpoints: [first] }, { endpoints: [second] }],
      b: [{ endpoints: [second] }, { endpoints: [first] }],
    },
    {
      name: 'the number of slices',
      a: [{ endpoints: [first, second] }],
      b: [{ endpoints: [first] }, { endpoints: [second] }],
    },
    {
      name: 'slices without endpoints',
      a: [{ endpoints: [first] }],
      b: [{ endpoints: [first] }, { endpoints: [], labels: { old: 'x' } }],
    },
    {
      name: 'names and nodes of slices',
      a: [{ name: 'a' }],
      b: [{ name: 'b', labels: { 'network.deckhouse.io/node': 'x' } }],
    },
  ])('does not depend on $name', ({ a, b }) => {
    expect(differing(a.map(aSlice), b.map(aSlice))).toEqual([]);
  });

  it.each<{ name: string; rest: Partial<Endpoint>; want: readonly string[] }>([
    {
      name: 'ready',
      rest: { conditions: { ready: false, serving: true, terminating: false } },
      want: ['ready'],
    },
    {
      name: 'a condition left out',
      rest: { conditions: { ready: true, serving: true } },
      want: ['terminating'],
    },
    { name: 'zone', rest: { zone: 'a' }, want: ['zone'] },
    { name: 'hostname', rest: { hostname: 'a' }, want: ['hostname'] },
    { name: 'node', rest: { nodeName: 'node-2' }, want: ['nodeName'] },
    { name: 'hints', rest: { hints: { forZones: [{ name: 'a' }] } }, want: ['forZones'] },
    {
      name: 'an old uid',
      rest: { targetRef: { kind: 'Pod', namespace: 'default', name: 'web-1', uid: 'old' } },
      want: ['targetRef'],
    },
    { name: 'another address', rest: { addresses: ['10.1.0.9'] }, want: ['presence', 'presence'] },
  ])('shows $name', ({ rest, want }) => {
    expect(differing([aSlice()], [aSlice({ endpoints: [anEndpoint({ rest })] })])).toEqual(want);
  });

  it('shows ports, labels and doubles', () => {
    const ports = [{ name: 'http', port: 8080, protocol: 'TCP', appProtocol: 'http' }];
    expect(differing([aSlice()], [aSlice({ ports })])).toEqual(['presence', 'presence']);
    expect(differing([aSlice()], [aSlice({ labels: { team: 'red' } })])).toEqual(['labels']);
    expect(differing([aSlice()], [aSlice({ name: 'a' }), aSlice({ name: 'b' })])).toEqual(['presence']);
  });

  it('shows the Service without what is allocated', () => {
    const port = { port: 80, protocol: 'TCP', targetPort: 80 };
    const view = viewOf(
      aSide([], {
        service: {
          metadata: { name: 'web', labels: { a: 'b', heritage: 'deckhouse' } },
          spec: {
            clusterIP: '10.96.0.1',
            clusterIPs: ['10.96.0.1'],
            selector: {},
            ports: [{ ...port, nodePort: 30_000 }],
          },
        },
      }),
    );
    expect(view.get('service')).toMatchObject({
      addresses: 1,
      labels: { a: 'b' },
      ports: [{ ...port, hasNodePort: true }],
    });
    expect(JSON.stringify(view.get('service'))).not.toMatch(/10\.96|30000|selector|heritage/);
  });
});
