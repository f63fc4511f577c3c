import { isRecord } from '#lib/core/json.ts';
import type { ServicePort, ServiceSpec } from '#lib/core/kubernetes.ts';

/** The fields of a Service's spec that this product knows: those of Kubernetes 1.34. Of a newer one there may be more. */
export const SPEC_FIELDS: readonly (keyof ServiceSpec)[] = [
  'allocateLoadBalancerNodePorts',
  'clusterIP',
  'clusterIPs',
  'externalIPs',
  'externalName',
  'externalTrafficPolicy',
  'healthCheckNodePort',
  'internalTrafficPolicy',
  'ipFamilies',
  'ipFamilyPolicy',
  'loadBalancerClass',
  'loadBalancerIP',
  'loadBalancerSourceRanges',
  'ports',
  'publishNotReadyAddresses',
  'selector',
  'sessionAffinity',
  'sessionAffinityConfig',
  'trafficDistribution',
  'type',
];

/** Likewise of one of its ports. */
export const PORT_FIELDS: readonly (keyof ServicePort)[] = [
  'appProtocol',
  'name',
  'nodePort',
  'port',
  'protocol',
  'targetPort',
];

const AFFINITY_FIELDS = ['clientIP'];
const CLIENT_IP_FIELDS = ['timeoutSeconds'];

/** Paths below `spec` of fields that this product does not know, such as `ports[].name`; each once, sorted. */
export function unknownServiceFields(spec: ServiceSpec): readonly string[] {
  const { ports = [], sessionAffinityConfig = {} } = spec;
  const paths = [
    ...keysBeyond(spec, SPEC_FIELDS),
    ...ports.flatMap((port) => keysBeyond(port, PORT_FIELDS).map((key) => `ports[].${key}`)),
    ...keysBeyond(sessionAffinityConfig, AFFINITY_FIELDS).map((key) => `sessionAffinityConfig.${key}`),
    ...keysBeyond(sessionAffinityConfig.clientIP, CLIENT_IP_FIELDS).map(
      (key) => `sessionAffinityConfig.clientIP.${key}`,
    ),
  ];
  return [...new Set(paths)].toSorted();
}

/** Fields of a port that this product does not know, to be kept when the list of ports is written as a whole. */
export function unknownPortFields(port: ServicePort | undefined): Readonly<Record<string, unknown>> {
  return fieldsBeyond(port, PORT_FIELDS);
}

/** The affinity's settings with what the existing ones have beyond those that this product knows. */
export function withUnknownAffinity(
  config: NonNullable<ServiceSpec['sessionAffinityConfig']>,
  current: ServiceSpec['sessionAffinityConfig'],
): NonNullable<ServiceSpec['sessionAffinityConfig']> {
  return {
    ...fieldsBeyond(current, AFFINITY_FIELDS),
    ...config,
    clientIP: { ...fieldsBeyond(current?.clientIP, CLIENT_IP_FIELDS), ...config.clientIP },
  };
}

function fieldsBeyond(value: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([key]) => !known.includes(key)));
}

function keysBeyond(value: unknown, known: readonly string[]): readonly string[] {
  return Object.keys(fieldsBeyond(value, known));
}
