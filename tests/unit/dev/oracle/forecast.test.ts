import { describe, expect, it } from 'vitest';
import { forecast } from '../../../../dev/oracle/forecast.ts';
import type { Facts } from '../../../../dev/oracle/view.ts';
import {
  aPodModel,
  INITIAL_WORLD,
  type PodModel,
  type ServiceModel,
  type World,
} from '../../../../dev/oracle/world.ts';

const IPS = ['198.18.1.1', 'FD53::A'];

function aWorld(pod: Partial<PodModel>, service: Partial<ServiceModel> = {}): World {
  const model = aPodModel({ name: 'pod-1', ips: IPS, ...pod });
  return { service: { ...INITIAL_WORLD.service, ...service }, pods: new Map([[model.name, model]]) };
}

function endpointsOf(world: World): readonly (readonly [string, Facts])[] {
  return [...forecast(world, { 'node-1': { zone: 'zone-a' }, 'node-2': {} })].filter(([key]) =>
    key.startsWith('endpoint '),
  );
}

describe('the forecast', () => {
  it.each<{ name: string; pod: Partial<PodModel>; service?: Partial<ServiceModel>; want: Facts }>([
    { name: 'ready', pod: {}, want: { ready: true, serving: true, terminating: false, zone: 'zone-a' } },
    { name: 'not ready', pod: { containersReady: false }, want: { ready: false, serving: false } },
    { name: 'a shut gate', pod: { gate: 'unwritten' }, want: { ready: false, serving: false } },
    {
      name: 'terminating',
      pod: { isTerminating: true },
      want: { ready: false, serving: true, terminating: true },
    },
    {
      name: 'published unready',
      pod: { containersReady: false, isTerminating: true },
      service: { publishNotReadyAddresses: true },
      want: { ready: true, serving: false, terminating: true },
    },
    { name: 'a hostname', pod: { hostname: 'a', subdomain: 'web' }, want: { hostname: 'a' } },
    { name: 'a hostname elsewhere', pod: { hostname: 'a', subdomain: 'b' }, want: { hostname: undefined } },
    {
      name: 'hints',
      pod: {},
      service: { trafficDistribution: 'PreferSameNode' },
      want: { forZones: [{ name: 'zone-a' }], forNodes: [{ name: 'node-1' }] },
    },
    {
      name: 'no hints where nothing is ready',
      pod: { containersReady: false },
      service: { trafficDistribution: 'PreferClose' },
      want: { forZones: undefined },
    },
    { name: 'no zone', pod: { node: 'node-2' }, want: { zone: undefined } },
  ])('of an endpoint: $name', ({ pod, service, want }) => {
    expect(endpointsOf(aWorld(pod, service)).map(([, facts]) => facts)).toMatchObject([want]);
  });

  it.each<{ name: string; pod: Partial<PodModel>; service?: Partial<ServiceModel>; want: readonly string[] }>(
    [
      { name: 'a finished pod', pod: { phase: 'Failed' }, want: [] },
      { name: 'a pod without addresses', pod: { ips: [] }, want: [] },
      { name: 'other labels', pod: { labels: { app: 'other' } }, want: [] },
      { name: 'a node that the cluster does not know', pod: { node: 'node-3' }, want: [] },
      {
        name: 'such a node, published unready',
        pod: { node: 'node-3' },
        service: { publishNotReadyAddresses: true },
        want: ['198.18.1.1'],
      },
      { name: 'another family', pod: { ips: ['fd53::1'] }, want: [] },
      { name: 'an unknown phase', pod: { phase: 'Unknown' }, want: ['198.18.1.1'] },
      {
        name: 'two families',
        pod: {},
        service: { families: { primary: 'IPv6', policy: 'PreferDualStack', isExplicit: true } },
        want: ['fd53::a', '198.18.1.1'],
      },
    ],
  )('has the addresses of $name', ({ pod, service, want }) => {
    expect(endpointsOf(aWorld(pod, service)).map(([key]) => key.split(' ')[2])).toEqual(want);
  });

  it.each<{ layout: PodModel['layout']; protocol?: string; want: RegExp }>([
    { layout: 'web', want: /"port":8080/ },
    { layout: 'other-number', want: /"port":9090/ },
    { layout: 'no-ports', want: /ports none$/ },
    { layout: 'sidecar', want: /"port":8181/ },
    { layout: 'init', want: /ports none$/ },
    { layout: 'twice', want: /"port":8080/ },
    { layout: 'udp-first', want: /"port":8383/ },
    { layout: 'udp-first', protocol: 'UDP', want: /"port":5353/ },
  ])('resolves a named port of layout $layout', ({ layout, protocol = 'TCP', want }) => {
    const ports = [{ port: 80, protocol, targetPort: 'web' }];
    expect(endpointsOf(aWorld({ layout }, { ports })).map(([key]) => key)).toEqual([
      expect.stringMatching(want),
    ]);
  });

  it('has the labels of slices, reserved ones aside', () => {
    const labels = { team: 'red', 'kubernetes.io/service-name': 'fake' };
    const view = forecast(aWorld({}, { labels, isHeadless: true }), { 'node-1': {} });
    expect(view.get('slices')).toEqual({
      labels: ['{"kubernetes.io/service-name":"web","service.kubernetes.io/headless":"","team":"red"}'],
    });
  });
});
