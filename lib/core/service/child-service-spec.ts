import type { IpFamily, ServicePort, ServiceSpec } from '#lib/core/kubernetes.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { SPEC_FIELDS, unknownPortFields, withUnknownAffinity } from '#lib/core/service/unknown-fields.ts';

/**
 * The spec that the child Service should have, as the API server would store it. What the user left open and
 * the API server allocates (addresses, node ports, families) is taken from `current`, so that it is never
 * drift; what it defaults (`SetDefaults_Service` in k8s.io/kubernetes/pkg/apis/core/v1) is filled in, so that
 * a field dropped by the user falls back to its default; what a newer Kubernetes has beyond the fields known here stays
 * as it is in `current`. The selector is always absent: the EndpointSlice
 * controller must stay away.
 */
export function desiredChildSpec(wanted: ServiceSpec, current: ServiceSpec | undefined): ServiceSpec {
  const type = wanted.type || 'ClusterIP';
  return withoutAbsent({
    type,
    ports: (wanted.ports ?? []).map((port) => desiredPort(port, type, current)),
    ...desiredAddresses(wanted, current),
    ...desiredPolicies(wanted, type, current),
    ...desiredAffinity(wanted, current),
    ipFamilyPolicy: wanted.ipFamilyPolicy || current?.ipFamilyPolicy || defaultFamilyPolicy(wanted),
    ipFamilies: hasPrefix(current?.ipFamilies, wanted.ipFamilies) ? current?.ipFamilies : wanted.ipFamilies,
    healthCheckNodePort: wanted.healthCheckNodePort || current?.healthCheckNodePort,
    // Often set by admission and immutable while the type is LoadBalancer: clearing it could only fail.
    loadBalancerClass: wanted.loadBalancerClass || current?.loadBalancerClass,
    loadBalancerIP: wanted.loadBalancerIP,
    loadBalancerSourceRanges: wanted.loadBalancerSourceRanges,
    externalIPs: wanted.externalIPs,
    externalName: wanted.externalName,
    publishNotReadyAddresses: wanted.publishNotReadyAddresses,
    trafficDistribution: wanted.trafficDistribution,
  });
}

/** Body of a JSON merge patch that turns `current` into `desired`; undefined when they are the same. */
export function specPatch(
  desired: ServiceSpec,
  current: ServiceSpec,
): Readonly<Record<string, unknown>> | undefined {
  const want = withoutAbsent(desired);
  const have = withoutAbsent(current);
  const patch: Record<string, unknown> = {};
  for (const key of SPEC_FIELDS) {
    if (!sameJson(want[key], have[key])) patch[key] = want[key] ?? null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/**
 * A requested cluster address that the existing Service can no longer get, because the API server never
 * changes one; undefined when request and Service agree.
 */
export function clusterIpMismatch(
  wanted: ServiceSpec,
  current: ServiceSpec,
): { readonly wanted: string; readonly actual: string } | undefined {
  if (wanted.type === 'ExternalName') return undefined;
  const requested = addressesOf(wanted);
  const actual = addressesOf(current);
  const differs = requested.some((address, index) => index < actual.length && actual[index] !== address);
  return differs ? { wanted: requested.join(','), actual: actual.join(',') } : undefined;
}

/**
 * Whether the Service can never become what is wanted, because what differs is settled when a Service is made: its
 * addresses, whether it has any, its first family. Type ExternalName has none of them.
 */
export function mustBeMadeAnew(wanted: ServiceSpec, current: ServiceSpec): boolean {
  if (wanted.type === 'ExternalName' || current.type === 'ExternalName') return false;
  const [family] = wanted.ipFamilies ?? [];
  return (
    clusterIpMismatch(wanted, current) !== undefined ||
    isHeadless(wanted) !== isHeadless(current) ||
    (family !== undefined && current.ipFamilies !== undefined && family !== current.ipFamilies[0])
  );
}

/**
 * What is wanted of a Service that was made for somebody else: families that are left open are those that a Service made
 * anew would get, not those that its predecessor had asked for. Undefined when this Service can never have them.
 * `firstFamily`: see `firstFamilyOf`; without it the first family of the Service is taken for the one.
 */
export function asMadeAnew(
  wanted: ServiceSpec,
  current: ServiceSpec,
  firstFamily: IpFamily | undefined,
): ServiceSpec | undefined {
  if (mustBeMadeAnew(wanted, current)) return undefined;
  if (wanted.type === 'ExternalName' || current.type === 'ExternalName') return wanted;
  const [family] = current.ipFamilies ?? [];
  const isOpen = (wanted.ipFamilies ?? []).length === 0 && requestedAddress(wanted) === undefined;
  if (isOpen && firstFamily !== undefined && family !== undefined && family !== firstFamily) return undefined;
  return { ...wanted, ipFamilyPolicy: wanted.ipFamilyPolicy || freshFamilyPolicy(wanted) };
}

/** An address that somebody has asked for decides the family. */
function requestedAddress(wanted: ServiceSpec): string | undefined {
  return isHeadless(wanted) ? undefined : addressesOf(wanted)[0];
}

/** The default of the API server for a Service with a selector. */
function freshFamilyPolicy(wanted: ServiceSpec): string {
  const isDual = (wanted.ipFamilies ?? []).length > 1 || addressesOf(wanted).length > 1;
  return isDual ? 'RequireDualStack' : 'SingleStack';
}

function isHeadless(spec: ServiceSpec): boolean {
  return addressesOf(spec)[0] === 'None';
}

function desiredPort(port: ServicePort, type: string, current: ServiceSpec | undefined): ServicePort {
  const protocol = port.protocol || 'TCP';
  const same = samePort({ ...port, protocol }, current);
  const isOutside = type === 'NodePort' || type === 'LoadBalancer';
  const nodePort = port.nodePort || (isOutside && same?.nodePort) || undefined;
  return {
    ...unknownPortFields(same),
    ...(port.name ? { name: port.name } : {}),
    protocol,
    port: port.port,
    targetPort: port.targetPort || port.port,
    ...(nodePort === undefined ? {} : { nodePort }),
    ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}),
  };
}

/** Protocol and number are unique within a Service, so a renamed port keeps its node port. */
function samePort(port: ServicePort, current: ServiceSpec | undefined): ServicePort | undefined {
  return current?.ports?.find(
    (other) => other.port === port.port && (other.protocol ?? 'TCP') === port.protocol,
  );
}

function desiredAddresses(
  wanted: ServiceSpec,
  current: ServiceSpec | undefined,
): Pick<ServiceSpec, 'clusterIP' | 'clusterIPs'> {
  const requested = addressesOf(wanted);
  const actual = current === undefined ? [] : addressesOf(current);
  if (current !== undefined && actual.length > 0) {
    const isGrowing = requested.length > actual.length && hasPrefix(requested, actual);
    if (!isGrowing) return withoutAbsent({ clusterIP: current.clusterIP, clusterIPs: current.clusterIPs });
  }
  // The API server refuses clusterIPs without an equal clusterIP, but not the other way round.
  return withoutAbsent({
    clusterIP: requested[0],
    clusterIPs: wanted.clusterIPs === undefined ? undefined : requested,
  });
}

function addressesOf(spec: ServiceSpec): readonly string[] {
  if (spec.clusterIPs !== undefined && spec.clusterIPs.length > 0) return spec.clusterIPs;
  return spec.clusterIP ? [spec.clusterIP] : [];
}

function desiredPolicies(
  wanted: ServiceSpec,
  type: string,
  current: ServiceSpec | undefined,
): Partial<ServiceSpec> {
  const isExternal =
    type === 'NodePort' ||
    type === 'LoadBalancer' ||
    (type === 'ClusterIP' && (wanted.externalIPs ?? []).length > 0);
  const loose: LooseServiceSpec = {
    // Without meaning for an external name, and there the API server drops and keeps it as it likes.
    internalTrafficPolicy:
      type === 'ExternalName' ? current?.internalTrafficPolicy : wanted.internalTrafficPolicy || 'Cluster',
    // Refused by the API server where nothing comes from outside; objects that carry it there stay valid.
    externalTrafficPolicy: isExternal ? wanted.externalTrafficPolicy || 'Cluster' : undefined,
    allocateLoadBalancerNodePorts:
      wanted.allocateLoadBalancerNodePorts ?? (type === 'LoadBalancer' ? true : undefined),
  };
  return withoutAbsent(loose);
}

/**
 * What the API server would choose if the Service had its selector. Without one it gives a headless Service both
 * families, because it cannot know what stands behind it; we do.
 */
function defaultFamilyPolicy(wanted: ServiceSpec): string | undefined {
  const hasFamilies = wanted.type !== 'ExternalName' && isHeadless(wanted);
  return hasFamilies && (wanted.ipFamilies ?? []).length < 2 ? 'SingleStack' : undefined;
}

const DEFAULT_AFFINITY_SECONDS = 10_800;

function desiredAffinity(wanted: ServiceSpec, current: ServiceSpec | undefined): Partial<ServiceSpec> {
  if (wanted.sessionAffinity !== 'ClientIP') return { sessionAffinity: wanted.sessionAffinity || 'None' };
  const timeoutSeconds = wanted.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
  const sessionAffinityConfig = withUnknownAffinity(
    { clientIP: { timeoutSeconds } },
    current?.sessionAffinityConfig,
  );
  return { sessionAffinity: 'ClientIP', sessionAffinityConfig };
}

/** Whether a request is met by the head of a list to which the API server may have appended. */
function hasPrefix(list: readonly string[] | undefined, head: readonly string[] | undefined): boolean {
  if (head === undefined || head.length === 0) return true;
  return list !== undefined && head.every((item, index) => list[index] === item);
}

type LooseServiceSpec = { readonly [K in keyof ServiceSpec]: ServiceSpec[K] | undefined };

/** Without the fields whose value the API server does not tell from an absent one. */
function withoutAbsent(spec: LooseServiceSpec): ServiceSpec {
  const present = Object.entries(spec).filter(([key, value]) => !isAbsent(key, value));
  // Same keys and values, only fewer of them; `Object.fromEntries` cannot say so.
  return Object.fromEntries(present) as ServiceSpec;
}

function isAbsent(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return true;
  if (key === 'publishNotReadyAddresses') return value === false;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
