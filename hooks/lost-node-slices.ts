import type { EndpointSlice, KubernetesObject, Node } from '#lib/core/kubernetes.ts';
import { nodeFacts, nodeLabelValue } from '#lib/core/pod/node-facts.ts';
import { NODE_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { planLostNode } from '#lib/core/slice/lost-node.ts';
import { endpointsOf } from '#lib/core/slice/slice-ownership.ts';
import type { Hook, Operation } from '#lib/hook/hook.ts';
import { NODES, OBJECTS_LOOKED_UP, SLICES } from './bindings.ts';
import { deletion, isOurs } from './orphan-slices.ts';

/**
 * Speaks for the agents that can no longer: once Kubernetes has given a node up (Ready=Unknown) its endpoints
 * stop serving, as those of a plain Service do in the same moment; once the Node object is gone they do likewise and
 * the slices are deleted. An agent that still runs there sees the same condition and agrees. Where the unready are
 * published, an agent goes on publishing without a Node object: there the deletion waits until Kubernetes has removed
 * pods and agent of the node. Keys are nodes, by the value of the node label.
 */
export const lostNodeSlices: Hook = {
  name: 'lost-node-slices',
  config: { configVersion: 'v1', kubernetes: [NODES, SLICES, OBJECTS_LOOKED_UP] },
  keysOf(binding, object) {
    if (binding === OBJECTS_LOOKED_UP.name) return 'every';
    if (binding === NODES.name) return [nodeLabelValue(object.metadata.name)];
    const key = nodeKeyOf(asSlice(object));
    return key === undefined ? [] : [key];
  },
  reconcile(snapshots) {
    const nodes = new Map(
      (snapshots[NODES.name] ?? []).map((node) => [nodeLabelValue(node.metadata.name), node]),
    );
    const isNotReadyPublished = publishersOfNotReady(snapshots[OBJECTS_LOOKED_UP.name] ?? []);
    const slices = (snapshots[SLICES.name] ?? []).filter(isOurs).map(asSlice);
    return [...byNode(slices)].flatMap(([key, ofNode]) => {
      const facts = nodeFacts(key, asNode(nodes.get(key)));
      if (facts.exists && !facts.isLost) return [];
      const publishesNotReady = (slice: EndpointSlice) => isNotReadyPublished.has(controllerUid(slice));
      const plan = planLostNode({ slices: ofNode, nodeExists: facts.exists, publishesNotReady });
      const deletions = plan.delete.map((slice) =>
        publishesNotReady(slice) ? { ...deletion(slice), confirmMs: PODS_REMOVED_MS } : deletion(slice),
      );
      return [...plan.update.map(({ next }) => replacement(next)), ...deletions];
    });
  },
};

/**
 * By then kube-controller-manager has removed the pods of a node without an object: it looks every 20 s for nodes that
 * have been missing for 40 s (gc_controller.go in k8s.io/kubernetes/pkg/controller/podgc).
 */
const PODS_REMOVED_MS = 120_000;

/** Endpoints are one list to a merge patch, so the patch carries all of them and the version that it was made from. */
function replacement({ metadata, endpoints }: EndpointSlice): Operation {
  const { namespace, name, resourceVersion } = metadata;
  return {
    operation: 'MergePatch',
    apiVersion: SLICES.apiVersion,
    kind: SLICES.kind,
    namespace: namespace ?? '',
    name,
    mergePatch: { metadata: { resourceVersion }, endpoints },
    ignoreMissingObject: true,
  };
}

function byNode(slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const key = nodeKeyOf(slice);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), slice]);
  }
  return groups;
}

/** Slices of other makers carry no node label; where all their endpoints are on one node, they are of that node. */
function nodeKeyOf(slice: EndpointSlice): string | undefined {
  const label = slice.metadata.labels?.[NODE_LABEL];
  if (label !== undefined) return label;
  const names = new Set(endpointsOf(slice).map(({ nodeName }) => nodeName));
  const [name] = names;
  return names.size === 1 && name !== undefined ? nodeLabelValue(name) : undefined;
}

function publishersOfNotReady(objects: readonly KubernetesObject[]): ReadonlySet<string | undefined> {
  const publishers = objects.filter(
    (object) =>
      'spec' in object &&
      typeof object.spec === 'object' &&
      object.spec !== null &&
      'publishNotReadyAddresses' in object.spec &&
      object.spec.publishNotReadyAddresses === true,
  );
  return new Set(publishers.map((object) => object.metadata.uid));
}

function controllerUid({ metadata }: EndpointSlice): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

function asSlice(object: KubernetesObject): EndpointSlice {
  // The binding asks for this kind only.
  return object as EndpointSlice;
}

function asNode(object: KubernetesObject | undefined): Node | undefined {
  // The binding asks for this kind only.
  return object as Node | undefined;
}
