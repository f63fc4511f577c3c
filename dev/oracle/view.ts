import { canonicalJson, compareText } from '#lib/core/canonical-json.ts';
import type { Endpoint, EndpointPort, EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import { CHILD_LABEL } from '#lib/core/service/child-service-metadata.ts';

/** What is said about one thing, by field. Absent and undefined are the same. */
export type Facts = Readonly<Record<string, unknown>>;

/** Everything that consumers can learn about one Service, by what it is said about. */
export type View = ReadonlyMap<string, Facts>;

/** One side of a pair, as the API server has it. */
export interface Side {
  readonly namespace: string;
  readonly service: Service | undefined;
  readonly slices: readonly EndpointSlice[];
  /** Uid of each pod, by name. */
  readonly podUids: ReadonlyMap<string, string>;
}

/** Under which key the labels of the slices stand, and under which the Service itself. */
export const SLICE_LABELS = 'slices';
export const SERVICE = 'service';

/**
 * The view of one side: the union of its slices, whatever their number and order, and the Service. What must
 * differ between two namespaces (uids, allocated addresses) and between two makers (who manages it) is left out.
 */
export function viewOf(side: Side): View {
  const labels = side.slices
    .filter(({ endpoints }) => (endpoints ?? []).length > 0)
    .map((slice) => canonicalJson(withoutKeys(slice.metadata.labels ?? {}, MAKERS_LABELS)));
  return new Map([
    ...endpointEntries(side),
    ...(labels.length === 0 ? [] : [[SLICE_LABELS, { labels: [...new Set(labels)].toSorted() }] as const]),
    ...(side.service === undefined ? [] : [[SERVICE, serviceFacts(side.service)] as const]),
  ]);
}

/** Key of an endpoint: what a consumer tells endpoints apart by. */
export function endpointKey(
  family: string,
  {
    address,
    pod,
    ports,
  }: { readonly address: string; readonly pod: string; readonly ports: readonly EndpointPort[] },
): string {
  const text = ports.map(canonicalJson).toSorted(compareText).join(' ');
  return `endpoint ${family} ${address} of ${pod}, ports ${text === '' ? 'none' : text}`;
}

function endpointEntries(side: Side): readonly (readonly [string, Facts])[] {
  const seen = new Map<string, number>();
  return side.slices.flatMap((slice) =>
    (slice.endpoints ?? []).map((endpoint) => {
      const key = keyOfEndpoint(slice, endpoint);
      const count = (seen.get(key) ?? 0) + 1;
      seen.set(key, count);
      return [
        count === 1 ? key : `${key} (published ${count} times)`,
        endpointFacts(endpoint, side),
      ] as const;
    }),
  );
}

function keyOfEndpoint({ addressType, ports }: EndpointSlice, { addresses, targetRef }: Endpoint): string {
  const address = addresses.join('+');
  return endpointKey(addressType, { address, pod: targetRef?.name ?? 'nobody', ports: ports ?? [] });
}

function endpointFacts(endpoint: Endpoint, { namespace, podUids }: Side): Facts {
  const { conditions, nodeName, zone, hostname, targetRef, hints } = endpoint;
  const isOwn =
    targetRef?.kind === 'Pod' &&
    targetRef.namespace === namespace &&
    targetRef.uid === podUids.get(targetRef.name ?? '') &&
    Object.keys(targetRef).length === 4;
  return {
    ...{ ready: conditions?.ready, serving: conditions?.serving, terminating: conditions?.terminating },
    ...{ nodeName, zone, hostname, targetRef: isOwn ? 'the pod' : targetRef },
    ...{ forZones: hints?.forZones, forNodes: hints?.forNodes },
  };
}

/** Labels that say who made a slice, and of which node it is. */
const MAKERS_LABELS = ['endpointslice.kubernetes.io/managed-by', 'heritage', 'network.deckhouse.io/node'];

const PROPAGATED = ['network.deckhouse.io/propagated-annotations', 'network.deckhouse.io/propagated-labels'];

function serviceFacts({ metadata, spec }: Service): Facts {
  const { clusterIP, clusterIPs = [], selector: _, healthCheckNodePort, ports = [], ...rest } = spec;
  return {
    ...rest,
    addresses: clusterIP === 'None' ? 'headless' : clusterIPs.length,
    hasHealthCheckNodePort: healthCheckNodePort !== undefined,
    ports: ports.map(({ nodePort, ...port }) => ({ ...port, hasNodePort: nodePort !== undefined })),
    labels: withoutKeys(metadata.labels ?? {}, ['heritage', CHILD_LABEL]),
    annotations: withoutKeys(metadata.annotations ?? {}, PROPAGATED),
  };
}

function withoutKeys(
  map: Readonly<Record<string, string>>,
  keys: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}
