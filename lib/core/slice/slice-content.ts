import { canonicalJson, compareText } from '#lib/core/canonical-json.ts';
import type { Endpoint, EndpointPort, EndpointSlice, ObjectMeta } from '#lib/core/kubernetes.ts';
import type { NodeFacts } from '#lib/core/pod/node-facts.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import type { DesiredEndpoint } from '#lib/core/slice/desired-endpoints.ts';
import {
  PROBE_RESULTS_ANNOTATION,
  REFUSED_ENDPOINTS_ANNOTATION,
} from '#lib/core/slice/endpoint-slice-metadata.ts';
import { definitionHash } from '#lib/core/slice/probe-results.ts';
import { encodeProbeResults } from '#lib/core/slice/probe-results-text.ts';
import { encodeRefusedEndpoints } from '#lib/core/slice/refused-endpoints.ts';
import { portsKey } from '#lib/core/slice/slice-groups.ts';
import { sliceLabels, sliceOwner } from '#lib/core/slice/slice-metadata.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';

const TYPE = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' } as const;

/** Whose slice it is. */
export interface SliceOwner {
  readonly swh: ServiceWithHealthchecks;
  readonly node: NodeFacts;
}

/** What a slice shall hold. */
export interface SliceContent {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly DesiredEndpoint[];
}

/** A further slice. */
export function freshSlice(
  name: string,
  addressType: EndpointSlice['addressType'],
  content: SliceContent,
  owner: SliceOwner,
): EndpointSlice {
  const metadata = { namespace: owner.swh.ref.namespace, name, ...sliceMeta(content, owner) };
  return { ...TYPE, metadata, addressType, ...sliceBody(content) };
}

/** An existing slice with this content; its labels, annotations and owner are ours alone. */
export function renewedSlice(
  current: EndpointSlice,
  content: SliceContent,
  owner: SliceOwner,
): EndpointSlice {
  const metadata = { ...current.metadata, ...sliceMeta(content, owner) };
  return { ...current, ...TYPE, metadata, ...sliceBody(content) };
}

/** Whether two states of a slice say the same to everybody, whatever the order of endpoints, ports and keys. */
export function isSameSlice(a: EndpointSlice, b: EndpointSlice): boolean {
  return comparable(a) === comparable(b);
}

function sliceMeta(
  { endpoints }: SliceContent,
  { swh, node }: SliceOwner,
): Pick<ObjectMeta, 'labels' | 'annotations' | 'ownerReferences'> {
  return {
    labels: sliceLabels(swh, node.name),
    annotations: {
      ...(swh.healthcheck.probes.length === 0 ? {} : resultsAnnotation(swh, endpoints)),
      ...refusedAnnotation(node.name, endpoints),
    },
    ownerReferences: [sliceOwner(swh)],
  };
}

function resultsAnnotation(
  swh: ServiceWithHealthchecks,
  endpoints: readonly DesiredEndpoint[],
): Readonly<Record<string, string>> {
  const pods = endpoints.flatMap(({ podName, podUid, verdict }) =>
    verdict === undefined ? [] : [[podName, { uid: podUid, ...verdict }] as const],
  );
  const definition = definitionHash(swh.healthcheck.probes);
  const results = { definition, pods: Object.fromEntries(pods) };
  return { [PROBE_RESULTS_ANNOTATION]: encodeProbeResults(results, shownOf(endpoints)) };
}

function refusedAnnotation(
  nodeName: string,
  endpoints: readonly DesiredEndpoint[],
): Readonly<Record<string, string>> {
  const refused = endpoints.flatMap(({ podName, podUid: uid, refusal }) =>
    refusal === undefined ? [] : [{ podName, uid, nodeName, reason: refusal }],
  );
  return refused.length === 0 ? {} : { [REFUSED_ENDPOINTS_ANNOTATION]: encodeRefusedEndpoints(refused) };
}

function sliceBody({ ports, endpoints }: SliceContent): Pick<EndpointSlice, 'endpoints' | 'ports'> {
  const sorted = endpoints.toSorted((a, b) => compareText(a.podName, b.podName) || compareText(a.key, b.key));
  return { endpoints: shownOf(sorted), ports };
}

function shownOf(endpoints: readonly DesiredEndpoint[]): readonly Endpoint[] {
  const shown = endpoints.filter(({ isWithheld, refusal }) => isWithheld !== true && refusal === undefined);
  return shown.map(({ endpoint }) => endpoint);
}

function comparable(slice: EndpointSlice): string {
  const { labels = {}, annotations = {}, ownerReferences = [] } = slice.metadata;
  const endpoints = endpointsOf(slice)
    .map((endpoint) => canonicalJson(endpoint))
    .toSorted(compareText);
  const ports = portsKey(slice.ports ?? []);
  return canonicalJson({ labels, annotations, ownerReferences, endpoints, ports });
}
