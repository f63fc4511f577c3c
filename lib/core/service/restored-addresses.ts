import type { Service, ServiceSpec } from '#lib/core/kubernetes.ts';
import { desiredChildSpec, mustBeMadeAnew } from '#lib/core/service/child-service-spec.ts';

/**
 * The Service to be created, with the cluster addresses and ports that one of the same name had; undefined when there
 * are none that fit. What the user has asked for comes first.
 */
export function withAddressesOf(service: Service, former: ServiceSpec): Service | undefined {
  const { spec } = service;
  if (!hasAddresses(spec.type) || !hasAddresses(former.type)) return undefined;
  if (mustBeMadeAnew(spec, former)) return undefined;
  const { healthCheckNodePort, loadBalancerClass: _, ...restored } = desiredChildSpec(spec, former);
  const hasCheckPort = spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
  const next: ServiceSpec = {
    ...restored,
    ...(spec.loadBalancerClass === undefined ? {} : { loadBalancerClass: spec.loadBalancerClass }),
    ...(hasCheckPort && healthCheckNodePort !== undefined ? { healthCheckNodePort } : {}),
  };
  return { ...service, spec: next };
}

function hasAddresses(type: string | undefined): boolean {
  return type !== 'ExternalName';
}
