import { type Finding, warning } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';
import type { PortSpec } from '#lib/api/spec.ts';
import type { ServicePort, ServiceSpec } from '#lib/core/kubernetes.ts';

export interface ServicePart {
  readonly service: ServiceSpec;
  readonly findings: readonly Finding[];
}

/**
 * The Service part of a spec. Empty strings of choices and unset target ports are left out; so are, with a
 * warning, fields that the API server refuses for the type of the Service: they never had an effect there.
 */
export function servicePart(spec: DefaultedSpec): ServicePart {
  const { healthcheck: _, adoptionPolicy: __, deletionPolicy: ___, ports, ...rest } = spec;
  const findings = inapplicable(spec);
  const dropped = new Set(findings.map(({ path }) => path.slice('spec.'.length)));
  const kept = Object.entries(rest).filter(([name, value]) => value !== '' && !dropped.has(name));
  return {
    // Fewer of the same fields; `Object.fromEntries` cannot say so.
    service: { ...(Object.fromEntries(kept) as ServiceSpec), ...(ports && { ports: ports.map(portOf) }) },
    findings,
  };
}

function portOf({ targetPort, name, ...rest }: PortSpec): ServicePort {
  return {
    ...rest,
    ...(name !== undefined && name !== '' && { name }),
    ...(targetPort !== undefined && targetPort !== 0 && targetPort !== '' && { targetPort }),
  };
}

/** Rules of ValidateService in k8s.io/kubernetes/pkg/apis/core/validation. */
function inapplicable(spec: DefaultedSpec): readonly Finding[] {
  const type = spec.type === '' ? 'ClusterIP' : spec.type;
  const isLoadBalancer = type === 'LoadBalancer';
  const isReachedFromOutside =
    isLoadBalancer || type === 'NodePort' || (type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
  return [
    ...(isLoadBalancer ? [] : onlyFor(spec, LOAD_BALANCER_FIELDS, 'type: LoadBalancer')),
    ...(isReachedFromOutside
      ? []
      : onlyFor(spec, ['externalTrafficPolicy'], 'type: NodePort or LoadBalancer, or externalIPs')),
    ...(isLoadBalancer && spec.externalTrafficPolicy === 'Local'
      ? []
      : onlyFor(spec, ['healthCheckNodePort'], 'type: LoadBalancer and externalTrafficPolicy: Local')),
    ...(spec.sessionAffinity === 'ClientIP'
      ? []
      : onlyFor(spec, ['sessionAffinityConfig'], 'sessionAffinity: ClientIP')),
  ];
}

const LOAD_BALANCER_FIELDS = [
  'allocateLoadBalancerNodePorts',
  'loadBalancerClass',
  'loadBalancerSourceRanges',
] as const;

function onlyFor(
  spec: DefaultedSpec,
  fields: readonly (keyof DefaultedSpec)[],
  condition: string,
): readonly Finding[] {
  return fields
    .filter((field) => isSet(spec[field]))
    .map((field) => warning(`spec.${field}`, `ignored: it counts only with ${condition}`));
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== '' && value !== 0;
}
