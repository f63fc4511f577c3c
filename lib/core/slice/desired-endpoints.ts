import { compareText } from '#lib/core/canonical-json.ts';
import type { Endpoint, EndpointConditions, EndpointPort, IpFamily, Pod } from '#lib/core/kubernetes.ts';
import { parseIpAddress } from '#lib/core/pod/ip-address.ts';
import { isMember, podAddress, primaryFamilyOf } from '#lib/core/pod/pod-membership.ts';
import { resolveServicePorts } from '#lib/core/pod/target-port.ts';
import type { EndpointVerdict, VerdictLookup } from '#lib/core/probe/endpoint-verdict.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { type ConditionContext, endpointConditions } from '#lib/core/slice/endpoint-conditions.ts';
import { endpointHints } from '#lib/core/slice/endpoint-hints.ts';

/** An endpoint that belongs into some slice of the family with these ports. */
export interface DesiredEndpoint {
  /** See `endpointKey`. */
  readonly key: string;
  readonly family: IpFamily;
  readonly address: string;
  readonly ports: readonly EndpointPort[];
  readonly podName: string;
  readonly podUid: string;
  readonly conditions: Required<EndpointConditions>;
  readonly endpoint: Endpoint;
  readonly verdict: EndpointVerdict | undefined;
  /** Its verdict is told, the endpoint itself is not published: see `withoutDisagreement`. */
  readonly isWithheld?: boolean;
  /** Why no slice may hold it: then this is told, and it is not published. */
  readonly refusal?: string;
}

export interface EndpointsInput extends ConditionContext {
  /** Pods of any namespace and node; those that are no members here are passed over. */
  readonly pods: readonly Pod[];
  readonly verdictOf: VerdictLookup;
}

/**
 * The endpoints that the object has on the node, one for each member pod and family of the Service, by pod name.
 * Of a node without a Node object there are none, unless publishNotReadyAddresses (upstream's rule).
 */
export function desiredEndpoints(input: EndpointsInput): readonly DesiredEndpoint[] {
  const { swh, node } = input;
  if (!node.exists && swh.service.publishNotReadyAddresses !== true) return [];
  return input.pods
    .filter((pod) => pod.spec.nodeName === node.name && isMember(pod, swh))
    .flatMap((pod) => familiesOf(swh, pod).flatMap((family) => desiredEndpoint(pod, family, input) ?? []))
    .map((desired) => withHints(desired, input))
    .toSorted((a, b) => compareText(a.podName, b.podName) || compareText(a.key, b.key));
}

/** What makes an endpoint the same one over time: its pod, by uid, and the address in canonical form. */
export function endpointKey({ targetRef, addresses }: Pick<Endpoint, 'targetRef' | 'addresses'>): string {
  const text = addresses[0] ?? '';
  return `${targetRef?.uid ?? ''}/${parseIpAddress(text)?.address ?? text}`;
}

/** Families in which the pod is an endpoint: those of the child Service, or before it exists those asked for. */
export function familiesOf({ observed, service }: ServiceWithHealthchecks, pod: Pod): readonly IpFamily[] {
  const chosen = [observed.ipFamilies, service.ipFamilies].find((families) => families?.length);
  if (chosen !== undefined) return chosen;
  const primary = primaryFamilyOf(pod);
  return primary === undefined ? [] : [primary];
}

function desiredEndpoint(pod: Pod, family: IpFamily, input: EndpointsInput): DesiredEndpoint | undefined {
  const found = podAddress(pod, family);
  if (found === undefined) return undefined;
  const { address } = found;
  const { swh, node, verdictOf } = input;
  const { name: podName, uid: podUid = '' } = pod.metadata;
  const verdict = found.refusal === undefined ? verdictOf(podUid, family) : undefined;
  const conditions = endpointConditions(pod, verdict, input);
  const endpoint: Endpoint = {
    addresses: [address],
    conditions,
    ...hostnameOf(pod, swh.ref.name),
    nodeName: node.name,
    ...(node.zone === undefined ? {} : { zone: node.zone }),
    targetRef: { kind: 'Pod', namespace: swh.ref.namespace, name: podName, uid: podUid },
  };
  const ports = resolveServicePorts(swh.service.ports ?? [], pod);
  return {
    ...found,
    key: endpointKey(endpoint),
    family,
    ports,
    podName,
    podUid,
    conditions,
    endpoint,
    verdict,
  };
}

/** The DNS name that a pod asks for under a headless Service: only under the one that it names. */
function hostnameOf({ spec }: Pod, serviceName: string): { readonly hostname?: string } {
  const { hostname, subdomain } = spec;
  return hostname === undefined || hostname === '' || subdomain !== serviceName ? {} : { hostname };
}

function withHints(desired: DesiredEndpoint, { swh, node }: ConditionContext): DesiredEndpoint {
  if (!desired.conditions.ready) return desired;
  const hints = endpointHints(swh.service.trafficDistribution, { nodeName: node.name, zone: node.zone });
  return hints === undefined ? desired : { ...desired, endpoint: { ...desired.endpoint, hints } };
}
