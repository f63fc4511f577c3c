import fc from 'fast-check';
import type { EndpointSlice, IpFamily, Pod, ServicePort } from '#lib/core/kubernetes.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import type { SlicePlanInput } from '#lib/core/slice/slice-plan.ts';
import { aHealthcheck, aNode, anSwh, aPod, aSlice, aTcpProbe, aVerdict, type SwhGiven } from './builders.ts';
import { deepFreeze } from './deep-freeze.ts';

/** Worlds for the laws of the slice planner: small pools of names, addresses and ports, so that things collide. */

const podIndex = fc.integer({ min: 0, max: 14 });

const pod: fc.Arbitrary<Pod> = fc
  .record({
    index: podIndex,
    incarnation: fc.integer({ min: 0, max: 1 }),
    isReady: fc.boolean(),
    isTerminating: fc.boolean(),
    phase: fc.constantFrom('Running', 'Running', 'Running', 'Pending', 'Succeeded', 'Failed'),
    labels: fc.constantFrom({ app: 'web' }, { app: 'web' }, { app: 'db' }),
    host: fc.integer({ min: 1, max: 12 }),
    stack: fc.constantFrom('4', '46', '64', 'none'),
    containerPort: fc.constantFrom(8080, 9090, undefined),
  })
  .map(({ index, incarnation, host, stack, containerPort, ...given }) =>
    aPod({
      ...given,
      name: `web-${index}`,
      uid: `uid-${index}-${incarnation}`,
      ips: addresses(stack, host),
      containers: [{ name: 'main', ports: containerPort ? [{ name: 'http', containerPort }] : [] }],
    }),
  );

function addresses(stack: string, host: number): readonly string[] {
  if (stack === 'none') return [];
  return [...stack].map((family) => (family === '4' ? `10.1.0.${host}` : `fd00::${host}`));
}

const ports: fc.Arbitrary<readonly ServicePort[]> = fc.constantFrom<readonly ServicePort[]>(
  [{ name: 'http', port: 80, targetPort: 'http' }],
  [{ name: 'http', port: 80, targetPort: 8080 }],
  [
    { name: 'metrics', port: 81, targetPort: 9090 },
    { name: 'http', port: 80, targetPort: 'http', appProtocol: 'x' },
  ],
  [],
);

const swhGiven: fc.Arbitrary<SwhGiven> = fc
  .record({
    ports,
    publishNotReadyAddresses: fc.boolean(),
    trafficDistribution: fc.constantFrom('', 'PreferClose', 'PreferSameNode'),
    ipFamilies: fc.constantFrom<readonly IpFamily[]>(['IPv4'], ['IPv6'], ['IPv4', 'IPv6']),
    hasProbes: fc.boolean(),
  })
  .map(({ ipFamilies, hasProbes, ...service }) => ({
    service,
    ipFamilies,
    healthcheck: aHealthcheck({ probes: hasProbes ? [aTcpProbe()] : [] }),
  }));

/** Slices that the planner must never touch. */
export const FOREIGN: readonly EndpointSlice[] = [
  aSlice({ name: 'foreign-owner', swhUid: 'uid-former' }),
  aSlice({ name: 'foreign-node', nodeName: 'node-2' }),
  aSlice({ name: 'foreign-manager', labels: { 'endpointslice.kubernetes.io/managed-by': 'somebody' } }),
];

/** An input of the planner with foreign slices only; every part of it is frozen. */
export const world: fc.Arbitrary<SlicePlanInput> = fc
  .record({
    pods: fc.uniqueArray(pod, { selector: (one) => one.metadata.name, maxLength: 15 }),
    swh: swhGiven,
    up: fc.uniqueArray(podIndex),
    zone: fc.constantFrom('zone-a', 'zone-b'),
    isNodeLost: fc.constantFrom(false, false, false, true),
    publication: fc.constantFrom<SlicePlanInput['publication']>('publish', 'publish', 'hold', 'agree'),
  })
  .map(({ pods, swh, up, zone, isNodeLost, publication }) =>
    deepFreeze({
      swh: anSwh(swh),
      node: nodeFacts('node-1', aNode({ zone, ready: isNodeLost ? 'Unknown' : 'True' })),
      pods,
      verdictOf: (uid: string) => aVerdict({ isUp: up.includes(Number(uid.split('-')[1])) }),
      failOpenInForce: false,
      publication,
      existing: FOREIGN,
    }),
  );
