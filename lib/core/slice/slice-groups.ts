import { canonicalJson, compareText } from '#lib/core/canonical-json.ts';
import type { EndpointPort, EndpointSlice, IpFamily } from '#lib/core/kubernetes.ts';
import { protocolOf } from '#lib/core/pod/pod-containers.ts';
import type { DesiredEndpoint } from '#lib/core/slice/desired-endpoints.ts';

/** Endpoints that may stand in one slice: a slice has one family and one set of ports. */
export interface SliceGroup {
  /** Family and ports: see `groupKey`. */
  readonly key: string;
  readonly family: IpFamily;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly DesiredEndpoint[];
}

/** The endpoints by family and resolved ports, in the order of the keys. */
export function groupEndpoints(endpoints: readonly DesiredEndpoint[]): readonly SliceGroup[] {
  const groups = Map.groupBy(endpoints, ({ family, ports }) => groupKey(family, ports));
  return [...groups]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([key, members]) => {
      const first = members[0];
      return first === undefined
        ? []
        : [{ key, family: first.family, ports: first.ports, endpoints: members }];
    });
}

/** The group that a slice's content makes it belong to. */
export function groupKeyOf({ addressType, ports }: EndpointSlice): string {
  return groupKey(addressType, ports ?? []);
}

/** The set of ports as text: independent of their order, of defaults being written out, and of nil or empty. */
export function portsKey(ports: readonly EndpointPort[]): string {
  return canonicalJson(ports.map(portText).toSorted(compareText));
}

function groupKey(family: EndpointSlice['addressType'], ports: readonly EndpointPort[]): string {
  return `${family} ${portsKey(ports)}`;
}

function portText(port: EndpointPort): string {
  const { name = '', port: number, appProtocol } = port;
  return canonicalJson({ name, number, protocol: protocolOf(port), appProtocol });
}
