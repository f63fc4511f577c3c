import type { Change, Step } from '../../dev/oracle/change.ts';
import { aPodModel, INITIAL_WORLD, type PodModel, type ServiceModel } from '../../dev/oracle/world.ts';

/** Histories in which a Service and its twin once differed, or easily could, as short as they go. */
export interface OracleCase {
  readonly name: string;
  readonly steps: readonly Step[];
}

const SERVICE = INITIAL_WORLD.service;
/** Of the range that pods have in a cluster without a network. */
const IPS = ['198.18.1.1', 'fd53:5748:c612:1::1'];
const NODE_IPS = ['198.18.0.11', 'fd53:5748:c612::b'];
const POD = aPodModel({ name: 'pod-1', ips: IPS });

function adding(given: Partial<PodModel> = {}): Change {
  return { kind: 'addPod', pod: { ...POD, ...given } };
}

function pod(what: string, given: Partial<PodModel>): Change {
  return { kind: 'updatePod', what, pod: { ...POD, ...given } };
}

function service(given: Partial<ServiceModel>): Change {
  return { kind: 'updateService', what: 'case', service: { ...SERVICE, ...given } };
}

function recreated(given: Partial<ServiceModel>): Change {
  return { kind: 'recreateService', what: 'case', service: { ...SERVICE, ...given }, isPatient: true };
}

/** Two pods with the address of their node. */
const HOST_PAIR: readonly Change[] = [
  adding({ isOnHostNetwork: true, ips: NODE_IPS }),
  adding({ name: 'pod-2', isOnHostNetwork: true, ips: NODE_IPS }),
];

function atOnce(given: Partial<ServiceModel>): Change {
  return { kind: 'recreateService', what: 'case', service: { ...SERVICE, ...given }, isPatient: false };
}

const CLOSE: Partial<ServiceModel> = { trafficDistribution: 'PreferClose' };
const SAME_NODE: Partial<ServiceModel> = { trafficDistribution: 'PreferSameNode' };
const NAMED = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'web' }];

export const ORACLE_CASES: readonly OracleCase[] = [
  {
    name: 'an endpoint loses its hints with its readiness',
    steps: [
      [adding()],
      [service(CLOSE)],
      [pod('readiness', { containersReady: false })],
      [pod('readiness', {})],
    ],
  },
  {
    name: 'an endpoint loses its hints when it terminates',
    steps: [[adding(), service(SAME_NODE)], [{ kind: 'terminatePod', name: 'pod-1' }]],
  },
  {
    name: 'endpoints that were published unready lose their hints with publishNotReadyAddresses',
    steps: [
      [adding({ containersReady: false })],
      [service({ ...SAME_NODE, publishNotReadyAddresses: true })],
      [service({ ...SAME_NODE, publishNotReadyAddresses: false })],
    ],
  },
  {
    name: 'a headless Service without a family policy has one family',
    steps: [
      [adding()],
      [recreated({ isHeadless: true })],
      [recreated({ isHeadless: true, families: { primary: 'IPv6', isExplicit: true } })],
    ],
  },
  {
    name: 'a pod that has failed without ever being ready is no endpoint',
    steps: [
      [service({ publishNotReadyAddresses: true })],
      [adding({ containersReady: false })],
      [pod('phase', { containersReady: false, phase: 'Failed' })],
    ],
  },
  {
    name: 'the address of a finished pod belongs to its successor',
    steps: [
      [adding()],
      [pod('phase', { phase: 'Succeeded' })],
      [adding({ name: 'pod-2', containersReady: false })],
      [{ kind: 'removePod', name: 'pod-1' }],
    ],
  },
  {
    name: 'a named port that a pod does not declare is left out for that pod',
    steps: [
      [
        service({ ports: NAMED }),
        adding(),
        adding({ name: 'pod-2', ips: ['198.18.1.2'], layout: 'no-ports' }),
        adding({ name: 'pod-3', ips: ['198.18.1.3'], layout: 'sidecar' }),
      ],
      [service({ ports: [...NAMED, { name: 'more', port: 81, protocol: 'UDP' }] })],
      [service({ ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }] })],
    ],
  },
  {
    name: 'families come and go',
    steps: [
      [adding()],
      [service({ families: { primary: 'IPv4', policy: 'RequireDualStack', isExplicit: true } })],
      [service({ families: { primary: 'IPv4', policy: 'SingleStack', isExplicit: true } })],
    ],
  },
  {
    name: 'addresses are written in canonical form',
    steps: [
      [recreated({ families: { primary: 'IPv6', isExplicit: true } })],
      [adding({ ips: ['FD53:5748:C612:1::A'] })],
      [pod('addresses', { ips: ['fd53:5748:c612:1:0:0:0:a'] })],
    ],
  },
  {
    name: 'a pod that is made anew on another node',
    steps: [
      [adding({ hostname: 'first', subdomain: 'web' })],
      [{ kind: 'replacePod', pod: { ...POD, node: 'node-3', ips: ['198.18.3.1'], subdomain: 'web' } }],
    ],
  },
  {
    name: 'a Service that is made anew at once',
    steps: [[adding()], [atOnce({})]],
  },
  {
    name: 'a Service that is made anew at once, as headless and back',
    steps: [[adding()], [atOnce({ isHeadless: true })], [atOnce({})]],
  },
  {
    name: 'a zone that comes and goes',
    steps: [
      [adding({ node: 'node-2' }), service(CLOSE)],
      [{ kind: 'rezone', node: 'node-2' }],
      [{ kind: 'rezone', node: 'node-2', zone: 'zone-c' }],
    ],
  },
  {
    name: 'a Node object that is made anew, under what is published unready',
    steps: [
      [
        service({ publishNotReadyAddresses: true }),
        adding(),
        adding({ name: 'pod-2', node: 'node-2', ips: ['198.18.2.1'] }),
      ],
      [{ kind: 'remakeNode', node: 'node-2', zone: 'zone-a', isPatient: true }],
    ],
  },
  {
    name: 'a Node object that is made anew',
    steps: [
      [adding({ node: 'node-2', ips: ['198.18.2.1'] }), service(CLOSE)],
      [{ kind: 'remakeNode', node: 'node-2', zone: 'zone-c', isPatient: true }],
      [{ kind: 'remakeNode', node: 'node-2', zone: 'zone-a', isPatient: false }],
    ],
  },
  {
    name: 'pods on the host network that share a port and say the same',
    steps: [[recreated({ isHeadless: true, ports: [] })], HOST_PAIR],
  },
  {
    name: 'pods on the host network that share a port, one of them not ready',
    steps: [
      HOST_PAIR,
      [pod('readiness', { isOnHostNetwork: true, ips: NODE_IPS, containersReady: false })],
      [{ kind: 'terminatePod', name: 'pod-2' }],
    ],
  },
  {
    name: 'a controller and an agent that crash while pods come and go',
    steps: [
      [adding()],
      [
        { kind: 'restart', program: 'node-1', isCrash: true },
        { kind: 'restart', program: 'controller', isCrash: true },
        pod('readiness', { containersReady: false }),
        adding({ name: 'pod-2', ips: ['198.18.1.2'] }),
      ],
      [
        { kind: 'restart', program: 'node-1', isCrash: false },
        { kind: 'removePod', name: 'pod-2' },
      ],
    ],
  },
  {
    name: 'a Service that is made anew at once, with families left open that were asked for before',
    steps: [
      [adding()],
      [service({ families: { primary: 'IPv4', policy: 'RequireDualStack', isExplicit: true } })],
      [atOnce({})],
      [atOnce({ families: { primary: 'IPv6', isExplicit: true } })],
      [atOnce({})],
      [
        atOnce({
          isHeadless: true,
          families: { primary: 'IPv4', policy: 'PreferDualStack', isExplicit: false },
        }),
      ],
      [atOnce({ isHeadless: true })],
    ],
  },
];
