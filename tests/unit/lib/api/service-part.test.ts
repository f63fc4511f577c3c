import { describe, expect, it } from 'vitest';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { manifest } from '../../../support/resource-corpus.ts';

const PORTS = [{ port: 80, protocol: 'TCP' }];

describe('the Service part of a spec', () => {
  it.each([
    { name: 'gets the defaults', given: {}, want: { type: 'ClusterIP' }, warned: [] },
    {
      name: 'keeps what the user wrote',
      given: {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        selector: { app: 'web' },
        publishNotReadyAddresses: true,
      },
      want: {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        selector: { app: 'web' },
        publishNotReadyAddresses: true,
      },
      warned: [],
    },
    {
      name: 'keeps an empty selector',
      given: { selector: {} },
      want: { type: 'ClusterIP', selector: {} },
      warned: [],
    },
    {
      name: 'drops empty choices and unknown fields',
      given: { type: '', sessionAffinity: '', ipFamilyPolicy: '', color: 'red' },
      want: {},
      warned: [],
    },
    {
      name: 'drops what only load balancers have',
      given: {
        loadBalancerClass: 'a/b',
        allocateLoadBalancerNodePorts: false,
        loadBalancerSourceRanges: ['10.0.0.0/8'],
      },
      want: { type: 'ClusterIP' },
      warned: [
        'spec.allocateLoadBalancerNodePorts',
        'spec.loadBalancerClass',
        'spec.loadBalancerSourceRanges',
      ],
    },
    {
      name: 'keeps what only load balancers have for a load balancer',
      given: {
        type: 'LoadBalancer',
        loadBalancerClass: 'a/b',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30000,
      },
      want: {
        type: 'LoadBalancer',
        loadBalancerClass: 'a/b',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30000,
      },
      warned: [],
    },
    {
      name: 'drops a policy for traffic that cannot come',
      given: { externalTrafficPolicy: 'Local' },
      want: { type: 'ClusterIP' },
      warned: ['spec.externalTrafficPolicy'],
    },
    {
      name: 'keeps that policy with external addresses',
      given: { externalTrafficPolicy: 'Local', externalIPs: ['192.0.2.1'] },
      want: { type: 'ClusterIP', externalTrafficPolicy: 'Local', externalIPs: ['192.0.2.1'] },
      warned: [],
    },
    {
      name: 'drops a health check port without local traffic',
      given: { type: 'LoadBalancer', healthCheckNodePort: 30000 },
      want: { type: 'LoadBalancer' },
      warned: ['spec.healthCheckNodePort'],
    },
    {
      name: 'drops the settings of an affinity that is off',
      given: { sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } } },
      want: { type: 'ClusterIP' },
      warned: ['spec.sessionAffinityConfig'],
    },
  ])('$name', ({ given, want, warned }) => {
    const result = parseServiceWithHealthchecks(manifest({ ports: PORTS, ...given }));
    const got =
      result.kind === 'accepted' ? [result.swh.service, result.warnings.map(({ path }) => path)] : [];
    expect(got).toEqual([{ ports: PORTS, ...want }, warned]);
  });

  it.each([
    { name: 'a number', given: { targetPort: 8080 }, want: { targetPort: 8080 } },
    { name: 'a name', given: { targetPort: 'http' }, want: { targetPort: 'http' } },
    { name: 'zero, which is no target', given: { targetPort: 0 }, want: {} },
    { name: 'an empty name, which is no target', given: { targetPort: '', name: '' }, want: {} },
  ])('reads as target port $name', ({ given, want }) => {
    const result = parseServiceWithHealthchecks(manifest({ ports: [{ port: 80, ...given }] }));
    expect(result).toMatchObject({
      kind: 'accepted',
      swh: { service: { ports: [{ port: 80, protocol: 'TCP', ...want }] } },
    });
    expect(
      Object.keys(result.kind === 'accepted' ? (result.swh.service.ports?.[0] ?? {}) : {}).toSorted(),
    ).toEqual(['port', 'protocol', ...Object.keys(want)].toSorted());
  });
});
