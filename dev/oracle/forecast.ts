import type { ContainerPort, EndpointPort, IpFamily, ServicePort } from '#lib/core/kubernetes.ts';
import { canonicalText } from './pod-changes.ts';
import { containersOf } from './pod-manifest.ts';
import { endpointKey, type Facts, SERVICE, SLICE_LABELS, type View } from './view.ts';
import {
  familiesOf,
  isFinished,
  isReady,
  type Nodes,
  type PodModel,
  SERVICE_NAME,
  type ServiceModel,
  type World,
} from './world.ts';

/**
 * What the EndpointSlice controller is bound to publish for the world. Written from its documented rules and without
 * the product's code. It tells when a step has taken effect; whether the product is right, the real controller
 * decides.
 */
export function forecast({ service, pods }: World, nodes: Nodes): View {
  const endpoints = [...pods.values()]
    .filter((pod) => isMember(pod, service) && isPlaced(pod, service, nodes))
    .flatMap((pod) => familiesOf(service).flatMap((family) => endpointEntry(pod, family, service, nodes)));
  return new Map([
    ...endpoints,
    ...(endpoints.length === 0 ? [] : [[SLICE_LABELS, labelFacts(service)] as const]),
    [SERVICE, serviceFacts(service)],
  ]);
}

function isMember(pod: PodModel, { selector }: ServiceModel): boolean {
  return !isFinished(pod) && Object.entries(selector).every(([key, value]) => pod.labels[key] === value);
}

/** Of a node that the cluster does not know, nothing is published but what is published unready. */
function isPlaced({ node }: PodModel, { publishNotReadyAddresses }: ServiceModel, nodes: Nodes): boolean {
  return publishNotReadyAddresses === true || nodes[node] !== undefined;
}

function endpointEntry(
  pod: PodModel,
  family: IpFamily,
  service: ServiceModel,
  nodes: Nodes,
): readonly (readonly [string, Facts])[] {
  const ip = pod.ips.find((one) => one.includes(':') === (family === 'IPv6'));
  if (ip === undefined) return [];
  const ports = service.ports.flatMap((port) => resolvedPort(port, pod));
  const key = endpointKey(family, { address: canonicalText(ip), pod: pod.name, ports });
  const serving = isReady(pod);
  const zone = nodes[pod.node]?.zone;
  const ready = service.publishNotReadyAddresses === true || (serving && !pod.isTerminating);
  const facts: Facts = {
    ready,
    serving,
    terminating: pod.isTerminating,
    nodeName: pod.node,
    zone,
    hostname: pod.subdomain === SERVICE_NAME ? pod.hostname : undefined,
    targetRef: 'the pod',
    ...(ready ? hintFacts(pod.node, service.trafficDistribution, zone) : NO_HINTS),
  };
  return [[key, facts]];
}

const NO_HINTS: Facts = { forZones: undefined, forNodes: undefined };

function hintFacts(node: string, trafficDistribution: string | undefined, zone: string | undefined): Facts {
  if (trafficDistribution === undefined) return NO_HINTS;
  return {
    forZones: zone === undefined ? undefined : [{ name: zone }],
    forNodes: trafficDistribution === 'PreferSameNode' ? [{ name: node }] : undefined,
  };
}

function resolvedPort(port: ServicePort, pod: PodModel): readonly EndpointPort[] {
  const number = typeof port.targetPort === 'string' ? named(port, pod) : (port.targetPort ?? port.port);
  if (number === undefined) return [];
  const { name = '', protocol = 'TCP', appProtocol } = port;
  return [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}

function named({ targetPort, protocol = 'TCP' }: ServicePort, { layout }: PodModel): number | undefined {
  const { containers, initContainers } = containersOf(layout);
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const declared: readonly ContainerPort[] = [...containers, ...sidecars].flatMap(({ ports }) => ports ?? []);
  return declared.find((port) => port.name === targetPort && port.protocol === protocol)?.containerPort;
}

const RESERVED_LABELS = ['kubernetes.io/service-name', 'service.kubernetes.io/headless'];

function labelFacts({ labels, isHeadless }: ServiceModel): Facts {
  const own = Object.entries(labels).filter(([key]) => !RESERVED_LABELS.includes(key));
  const all = [
    ...own,
    ['kubernetes.io/service-name', SERVICE_NAME],
    ...(isHeadless ? [['service.kubernetes.io/headless', '']] : []),
  ];
  const sorted = all.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return { labels: [JSON.stringify(Object.fromEntries(sorted))] };
}

function serviceFacts(service: ServiceModel): Facts {
  return {
    labels: service.labels,
    annotations: service.annotations,
    type: service.type,
    addresses: service.isHeadless ? 'headless' : familiesOf(service).length,
    ipFamilies: familiesOf(service),
    ipFamilyPolicy: service.families.policy ?? 'SingleStack',
    publishNotReadyAddresses: service.publishNotReadyAddresses === true ? true : undefined,
    trafficDistribution: service.trafficDistribution,
    sessionAffinity: service.sessionAffinity ?? 'None',
    internalTrafficPolicy: service.internalTrafficPolicy ?? 'Cluster',
  };
}
