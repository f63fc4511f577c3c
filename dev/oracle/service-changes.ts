import type { ServicePort } from '#lib/core/kubernetes.ts';
import type { Random } from '#lib/runtime/random.ts';
import type { Change } from './change.ts';
import { chance, oneOf, weighted, wholeNumber } from './random.ts';
import type { ServiceModel } from './world.ts';

/** A change of the Service that the API server accepts, be it by making the Service again. */
export function serviceChange(service: ServiceModel, random: Random): Change {
  return weighted(random, [
    [4, () => updated(service, 'ports', { ports: somePorts(service, random) })],
    [3, () => updated(service, 'families', { families: { ...service.families, ...otherPolicy(random) } })],
    [2, () => updated(service, 'selector', { selector: someSelector(random) })],
    [2, () => updated(service, 'labels', { labels: someLabels(random) })],
    [1, () => updated(service, 'annotations', { annotations: someAnnotations(random) })],
    [
      2,
      () =>
        updated(without(service, 'publishNotReadyAddresses'), 'publishNotReadyAddresses', {
          ...(chance(random, 0.7)
            ? { publishNotReadyAddresses: service.publishNotReadyAddresses !== true }
            : {}),
        }),
    ],
    [3, () => updated(without(service, 'trafficDistribution'), 'trafficDistribution', hints(random))],
    [2, () => policyChange(service, random)],
    [2, () => recreation(service, random)],
  ])();
}

const TARGETS: readonly (number | string | undefined)[] = [
  8080,
  9090,
  'web',
  'web',
  'alt',
  'absent',
  undefined,
];
const NAMES = ['http', 'https', 'dns', 'a', 'z-9'];
const APP_PROTOCOLS = ['http', 'kubernetes.io/h2c', 'kubernetes.io/ws'];

function somePorts(service: ServiceModel, random: Random): readonly ServicePort[] {
  const count = weighted(random, [
    [service.isHeadless ? 1 : 0, 0],
    [3, 1],
    [3, 2],
    [1, 3],
  ]);
  const offset = wholeNumber(random, 0, NAMES.length - 1);
  return Array.from({ length: count }, (_, index) => {
    const isNamed = count > 1 || chance(random, 0.5);
    const name = NAMES[(offset + index) % NAMES.length];
    const targetPort = oneOf(
      random,
      TARGETS.map((target) => [target] as const),
    )[0];
    return {
      ...(isNamed && name !== undefined ? { name } : {}),
      port: 80 + index,
      protocol: weighted(random, [
        [6, 'TCP'],
        [2, 'UDP'],
        [1, 'SCTP'],
      ]),
      ...(targetPort === undefined ? {} : { targetPort }),
      ...(chance(random, 0.3) ? { appProtocol: oneOf(random, APP_PROTOCOLS) } : {}),
    };
  });
}

function otherPolicy(random: Random): Pick<ServiceModel['families'], 'policy'> {
  return { policy: oneOf(random, ['SingleStack', 'PreferDualStack', 'RequireDualStack'] as const) };
}

function someSelector(random: Random): Readonly<Record<string, string>> {
  return oneOf<Readonly<Record<string, string>>>(random, [
    { app: 'web' },
    { app: 'web' },
    { app: 'other' },
    { tier: 'front' },
    { app: 'web', tier: 'back' },
  ]);
}

/** Some of them reserved: a Service may carry them, but they say nothing about its slices. */
function someLabels(random: Random): Readonly<Record<string, string>> {
  return {
    ...(chance(random, 0.5) ? { team: oneOf(random, ['red', 'blue']) } : {}),
    ...(chance(random, 0.3) ? { 'example.com/stage': 'test' } : {}),
    ...(chance(random, 0.1) ? { 'kubernetes.io/service-name': 'fake' } : {}),
    ...(chance(random, 0.1) ? { 'service.kubernetes.io/headless': '' } : {}),
  };
}

function someAnnotations(random: Random): Readonly<Record<string, string>> {
  return chance(random, 0.6) ? { 'example.com/note': oneOf(random, ['one', 'two']) } : {};
}

function hints(random: Random): Pick<ServiceModel, 'trafficDistribution'> {
  const value = oneOf(random, ['none', 'PreferClose', 'PreferSameZone', 'PreferSameNode']);
  return value === 'none' ? {} : { trafficDistribution: value };
}

/** Fields that no slice shows, and that the child Service must have all the same. */
function policyChange(service: ServiceModel, random: Random): Change {
  const {
    sessionAffinity: _,
    internalTrafficPolicy: _internal,
    externalTrafficPolicy: _external,
    ...rest
  } = service;
  const type = service.isHeadless
    ? 'ClusterIP'
    : oneOf(random, ['ClusterIP', 'NodePort', 'LoadBalancer'] as const);
  return updated(rest, 'policies', {
    type,
    ...(chance(random, 0.5) ? { sessionAffinity: oneOf(random, ['ClientIP', 'None']) } : {}),
    ...(chance(random, 0.5) ? { internalTrafficPolicy: oneOf(random, ['Cluster', 'Local']) } : {}),
    ...(type !== 'ClusterIP' && chance(random, 0.5)
      ? { externalTrafficPolicy: oneOf(random, ['Cluster', 'Local']) }
      : {}),
  });
}

/** Cluster address and primary family never change, so that the Service has to be made anew. */
function recreation(service: ServiceModel, random: Random): Change {
  const isSame = chance(random, 0.2);
  if (isSame) return { kind: 'recreateService', what: 'the same', service, isPatient: false };
  const isHeadless = chance(random, 0.7) ? !service.isHeadless : service.isHeadless;
  const primary = oneOf(random, ['IPv4', 'IPv6'] as const);
  const isExplicit = primary === 'IPv6' || chance(random, 0.5);
  const ports = isHeadless || service.ports.length > 0 ? service.ports : [{ port: 80, protocol: 'TCP' }];
  const { externalTrafficPolicy: _, ...rest } = service;
  const families: ServiceModel['families'] = {
    ...{ primary, isExplicit },
    ...(chance(random, 0.7) ? otherPolicy(random) : {}),
  };
  return {
    kind: 'recreateService',
    what: isHeadless ? 'headless' : 'with an address',
    service: {
      ...rest,
      ports,
      isHeadless,
      families,
      type: 'ClusterIP',
    },
    isPatient: chance(random, 0.5),
  };
}

function updated(service: ServiceModel, what: string, given: Partial<ServiceModel>): Change {
  return { kind: 'updateService', what, service: { ...service, ...given } };
}

function without(
  service: ServiceModel,
  field: 'publishNotReadyAddresses' | 'trafficDistribution',
): ServiceModel {
  const { [field]: _, ...rest } = service;
  return rest;
}
