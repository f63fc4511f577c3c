import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointConditions, Pod } from '#lib/core/kubernetes.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import type { FailOpen, Healthcheck } from '#lib/core/probe/probe.ts';
import {
  aNode,
  anEndpoint,
  anSwh,
  aPod,
  aSlice,
  aVerdict,
  type PodGiven,
} from '../../../../support/builders.ts';
import { planInput, publish, publishedEndpoints } from '../../../../support/slice-planning.ts';

const DOWN = aVerdict({ isUp: false, hasBeenUp: false });
const WENT_DOWN = aVerdict({ isUp: false });

function conditions(text: string): Required<EndpointConditions> {
  const [ready, serving, terminating] = [...text].map((letter) => letter === 'T');
  return { ready: ready === true, serving: serving === true, terminating: terminating === true };
}

describe('conditions without probes, as for a plain Service', () => {
  it.each([
    { isReady: true, isTerminating: false, publishNotReadyAddresses: false, want: 'TTF' },
    { isReady: false, isTerminating: false, publishNotReadyAddresses: false, want: 'FFF' },
    { isReady: true, isTerminating: true, publishNotReadyAddresses: false, want: 'FTT' },
    { isReady: false, isTerminating: true, publishNotReadyAddresses: false, want: 'FFT' },
    { isReady: true, isTerminating: false, publishNotReadyAddresses: true, want: 'TTF' },
    { isReady: false, isTerminating: false, publishNotReadyAddresses: true, want: 'TFF' },
    { isReady: true, isTerminating: true, publishNotReadyAddresses: true, want: 'TTT' },
    { isReady: false, isTerminating: true, publishNotReadyAddresses: true, want: 'TFT' },
  ])('ready $isReady, deleting $isTerminating, publishNotReady $publishNotReadyAddresses: $want', (given) => {
    const swh = anSwh({
      service: { publishNotReadyAddresses: given.publishNotReadyAddresses },
      healthcheck: { probes: [] },
    });
    const input = planInput({ swh, pods: [aPod(given)], verdictOf: () => undefined });
    expect(publishedEndpoints(input).map((one) => one.conditions)).toEqual([conditions(given.want)]);
  });
});

describe('conditions with probes', () => {
  const cases: readonly {
    name: string;
    pod?: PodGiven;
    verdict: EndpointVerdict | undefined;
    healthcheck?: Partial<Healthcheck>;
    publishNotReadyAddresses?: boolean;
    failOpen?: FailOpen;
    want: string;
  }[] = [
    { name: 'up', verdict: aVerdict(), want: 'TTF' },
    { name: 'down', verdict: DOWN, want: 'FFF' },
    { name: 'nothing known yet', verdict: undefined, want: 'FFF' },
    { name: 'up while terminating', pod: { isTerminating: true }, verdict: aVerdict(), want: 'FTT' },
    { name: 'down while terminating', pod: { isTerminating: true }, verdict: DOWN, want: 'FFT' },
    { name: 'up, its container not ready', pod: { isReady: false }, verdict: aVerdict(), want: 'FFF' },
    {
      name: 'up, container not ready, readiness ignored',
      pod: { isReady: false },
      verdict: aVerdict(),
      healthcheck: { podReadiness: 'Ignore' },
      want: 'TTF',
    },
    {
      name: 'up, its container ready in a pod that is not',
      pod: { isReady: false, containerStatuses: [{ name: 'main', ready: true }] },
      verdict: aVerdict(),
      want: 'TTF',
    },
    { name: 'down, publishNotReady', verdict: DOWN, publishNotReadyAddresses: true, want: 'TFF' },
    { name: 'fail-open LastKnown, was up', verdict: WENT_DOWN, failOpen: { type: 'LastKnown' }, want: 'TTF' },
    { name: 'fail-open LastKnown, never up', verdict: DOWN, failOpen: { type: 'LastKnown' }, want: 'FFF' },
    {
      name: 'fail-open LastKnown, unknown',
      verdict: undefined,
      failOpen: { type: 'LastKnown' },
      want: 'FFF',
    },
    {
      name: 'fail-open MinimumReady, never up',
      verdict: DOWN,
      failOpen: { type: 'MinimumReady', minimum: 1 },
      want: 'TTF',
    },
    {
      name: 'fail-open MinimumReady, container not ready',
      pod: { isReady: false },
      verdict: DOWN,
      failOpen: { type: 'MinimumReady', minimum: 1 },
      want: 'FFF',
    },
    { name: 'fail-open None', verdict: WENT_DOWN, failOpen: { type: 'None' }, want: 'FFF' },
  ];
  it.each(cases)('$name: $want', (given) => {
    const swh = anSwh({
      service: { publishNotReadyAddresses: given.publishNotReadyAddresses ?? false },
      healthcheck: {
        ...given.healthcheck,
        ...(given.failOpen === undefined ? {} : { failOpen: given.failOpen }),
      },
    });
    const input = planInput({
      swh,
      pods: [aPod(given.pod)],
      verdictOf: () => given.verdict,
      failOpenInForce: given.failOpen !== undefined,
    });
    expect(publishedEndpoints(input).map((one) => one.conditions)).toEqual([conditions(given.want)]);
  });

  it('leave fail-open alone while it is not in force', () => {
    const swh = anSwh({ healthcheck: { failOpen: { type: 'MinimumReady', minimum: 1 } } });
    const input = planInput({ swh, verdictOf: () => WENT_DOWN });
    expect(publishedEndpoints(input)[0]?.conditions).toEqual(conditions('FFF'));
  });
});

describe('the node of an endpoint', () => {
  const pnra = anSwh({ service: { publishNotReadyAddresses: true } });
  it.each([
    { name: 'alive', node: aNode({ zone: 'a' }), swh: anSwh(), want: 'TTF', zone: 'a' },
    { name: 'not ready by its kubelet', node: aNode({ ready: 'False' }), swh: anSwh(), want: 'TTF' },
    { name: 'lost', node: aNode({ ready: 'Unknown', zone: 'a' }), swh: anSwh(), want: 'FFF', zone: 'a' },
    { name: 'lost, publishNotReady', node: aNode({ ready: 'Unknown' }), swh: pnra, want: 'TFF' },
    { name: 'gone', node: undefined, swh: anSwh(), want: undefined },
    { name: 'gone, publishNotReady', node: undefined, swh: pnra, want: 'TTF' },
  ])('$name', ({ node, swh, want, zone }) => {
    const endpoints = publishedEndpoints(planInput({ swh, node: nodeFacts('node-1', node) }));
    expect(endpoints.map((one) => [one.conditions, one.zone])).toEqual(
      want === undefined ? [] : [[conditions(want), zone]],
    );
  });

  it('is never another than the planned one', () => {
    const pods = [aPod({ nodeName: 'node-2' }), aPod({ name: 'web-2', spec: { nodeName: '' } })];
    expect(publish(planInput({ pods }))).toEqual([]);
  });
});

describe('pods that are no members', () => {
  it.each([
    { name: 'another label', pod: aPod({ labels: { app: 'db' } }) },
    { name: 'another namespace', pod: aPod({ namespace: 'other' }) },
    { name: 'finished', pod: aPod({ phase: 'Failed' }) },
    { name: 'no address', pod: aPod({ ips: [] }) },
  ])('have no endpoint: $name', ({ pod }) => {
    expect(publish(planInput({ pods: [pod] }))).toEqual([]);
  });

  it('are all pods where the selector is empty', () => {
    expect(publish(planInput({ swh: anSwh({ service: { selector: {} } }) }))).toEqual([]);
  });
});

describe('fields of an endpoint', () => {
  it('are those that upstream writes', () => {
    const pods = [aPod({ spec: { hostname: 'first', subdomain: 'web' } })];
    const node = nodeFacts('node-1', aNode({ zone: 'zone-a' }));
    expect(publishedEndpoints(planInput({ pods, node }))).toEqual([
      {
        addresses: ['10.1.0.1'],
        conditions: conditions('TTF'),
        hostname: 'first',
        nodeName: 'node-1',
        zone: 'zone-a',
        targetRef: { kind: 'Pod', namespace: 'default', name: 'web-1', uid: 'uid-web-1' },
      },
    ]);
  });

  it.each([
    { name: 'subdomain of another Service', spec: { hostname: 'first', subdomain: 'db' } },
    { name: 'no subdomain', spec: { hostname: 'first' } },
    { name: 'no hostname', spec: { subdomain: 'web' } },
    { name: 'empty hostname', spec: { hostname: '', subdomain: 'web' } },
  ])('have no hostname with $name', ({ spec }) => {
    expect(publishedEndpoints(planInput({ pods: [aPod({ spec })] }))[0]).not.toHaveProperty('hostname');
  });
});

describe('families', () => {
  const dual = aPod({ ips: ['10.1.0.1', 'fd00:0::1'] });
  const cases: readonly {
    name: string;
    pod: Pod;
    observed?: ('IPv4' | 'IPv6')[];
    spec?: ('IPv4' | 'IPv6')[];
    want: readonly string[];
  }[] = [
    {
      name: 'dual stack by the child Service',
      pod: dual,
      observed: ['IPv4', 'IPv6'],
      want: ['IPv4 10.1.0.1', 'IPv6 fd00::1'],
    },
    { name: 'the child Service wins', pod: dual, observed: ['IPv6'], spec: ['IPv4'], want: ['IPv6 fd00::1'] },
    { name: 'the spec, before there is a child', pod: dual, spec: ['IPv6'], want: ['IPv6 fd00::1'] },
    { name: 'the primary address else', pod: dual, want: ['IPv4 10.1.0.1'] },
    { name: 'an IPv6 primary address', pod: aPod({ ips: ['fd00::2', '10.1.0.2'] }), want: ['IPv6 fd00::2'] },
    { name: 'a pod without an address of the family', pod: aPod(), observed: ['IPv6'], want: [] },
  ];
  it.each(cases)('$name', ({ pod, observed, spec, want }) => {
    const base = anSwh(spec === undefined ? {} : { service: { ipFamilies: spec } });
    const { conditions: said } = base.observed;
    const swh = {
      ...base,
      observed: { conditions: said, ...(observed === undefined ? {} : { ipFamilies: observed }) },
    };
    const slices = publish(planInput({ swh, pods: [pod] }));
    expect(
      slices.flatMap((one) => one.endpoints.map((it) => `${one.addressType} ${it.addresses[0]}`)),
    ).toEqual(want);
  });

  it('that the Service no longer has lose their slices', () => {
    const both = planInput({ swh: anSwh({ ipFamilies: ['IPv4', 'IPv6'] }), pods: [dual] });
    const after = publish({ ...both, swh: anSwh({ ipFamilies: ['IPv6'] }), existing: publish(both) });
    expect(after.map(({ addressType }) => addressType)).toEqual(['IPv6']);
  });
});

/** After TestReconcileHints in k8s.io/endpointslice/trafficdist; unready endpoints as in a real controller manager. */
describe('hints', () => {
  const zoneHint = { forZones: [{ name: 'zone-a' }] };
  const nodeHint = { forNodes: [{ name: 'node-1' }] };
  const stale = { forZones: [{ name: 'zone-b' }] };
  const cases: readonly {
    name: string;
    distribution?: string;
    zone?: string;
    isReady?: boolean;
    had?: Endpoint['hints'];
    want: Endpoint['hints'];
  }[] = [
    { name: 'PreferClose', distribution: 'PreferClose', zone: 'zone-a', want: zoneHint },
    { name: 'PreferSameZone', distribution: 'PreferSameZone', zone: 'zone-a', want: zoneHint },
    {
      name: 'PreferSameNode',
      distribution: 'PreferSameNode',
      zone: 'zone-a',
      want: { ...zoneHint, ...nodeHint },
    },
    { name: 'PreferSameNode without zone', distribution: 'PreferSameNode', want: nodeHint },
    { name: 'PreferClose without zone', distribution: 'PreferClose', had: stale, want: undefined },
    {
      name: 'wrong hints are corrected',
      distribution: 'PreferClose',
      zone: 'zone-a',
      had: stale,
      want: zoneHint,
    },
    {
      name: 'more than one zone is wrong',
      distribution: 'PreferClose',
      zone: 'zone-a',
      had: { forZones: [{ name: 'zone-a' }, { name: 'zone-b' }] },
      want: zoneHint,
    },
    {
      name: 'not ready loses what it had',
      distribution: 'PreferClose',
      zone: 'zone-a',
      isReady: false,
      had: zoneHint,
      want: undefined,
    },
    {
      name: 'not ready and without hints gets none',
      distribution: 'PreferClose',
      zone: 'zone-a',
      isReady: false,
      want: undefined,
    },
    { name: 'no distribution', zone: 'zone-a', had: stale, want: undefined },
    { name: 'no distribution, not ready', zone: 'zone-a', isReady: false, had: stale, want: undefined },
    { name: 'unknown distribution', distribution: 'PreferMoon', zone: 'zone-a', had: stale, want: undefined },
  ];
  it.each(cases)('$name', ({ distribution, zone, isReady = true, had, want }) => {
    const service = distribution === undefined ? {} : { trafficDistribution: distribution };
    const node = nodeFacts('node-1', aNode(zone === undefined ? {} : { zone }));
    const existing = [aSlice({ endpoints: [anEndpoint(had === undefined ? {} : { rest: { hints: had } })] })];
    const input = planInput({ swh: anSwh({ service }), node, pods: [aPod({ isReady })], existing });
    expect(publishedEndpoints(input).map(({ hints }) => hints)).toEqual([want]);
  });
});
