import type { EndpointSlice, KubernetesObject, Node, Pod } from '#lib/core/kubernetes.ts';
import { nodeLabelValue } from '#lib/core/pod/node-facts.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, NODE_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { Informer, type InformerDeps } from '#lib/kube/informer.ts';
import {
  ENDPOINT_SLICES,
  NODES,
  PODS,
  SERVICES_WITH_HEALTHCHECKS,
  type UncheckedServiceWithHealthchecks,
} from '#lib/kube/resources.ts';
import { slimPod } from './slim-pod.ts';
import { createSlimSlice } from './slim-slice.ts';
import { slimSwh } from './slim-swh.ts';

/** What an agent sees of the cluster: its node, the pods and slices of it, and every object. */
export interface AgentInformers {
  readonly swhs: Informer<UncheckedServiceWithHealthchecks>;
  readonly pods: Informer<Pod>;
  readonly slices: Informer<EndpointSlice>;
  readonly nodes: Informer<Node>;
}

/** The informers of one node's agent. */
export function createInformers(deps: InformerDeps, nodeName: string): AgentInformers {
  return {
    swhs: new Informer(deps, { resource: SERVICES_WITH_HEALTHCHECKS, transform: slimSwh }),
    pods: new Informer(deps, {
      resource: PODS,
      scope: { fieldSelector: `spec.nodeName=${nodeName}` },
      transform: slimPod,
    }),
    slices: new Informer(deps, {
      resource: ENDPOINT_SLICES,
      scope: { labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY},${NODE_LABEL}=${nodeLabelValue(nodeName)}` },
      transform: createSlimSlice(),
    }),
    nodes: new Informer(deps, {
      resource: NODES,
      scope: { fieldSelector: `metadata.name=${nodeName}` },
      transform: slimNode,
    }),
  };
}

/** The part of an informer that does not depend on what it informs about. */
export type AnyInformer = Pick<
  Informer<KubernetesObject>,
  'run' | 'hasSynced' | 'whenSynced' | 'lastContactMs' | 'staleSinceMs'
>;

/** All of them. */
export function listInformers({ swhs, pods, slices, nodes }: AgentInformers): readonly AnyInformer[] {
  return [swhs, pods, slices, nodes];
}

/** Names and labels, and the one condition that endpoints follow: a Node object may have hundreds of kilobytes. */
function slimNode({ metadata, status }: Node): Node {
  const { name, uid, resourceVersion, labels } = metadata;
  return {
    metadata: {
      name,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(labels === undefined ? {} : { labels }),
    },
    status: {
      conditions: (status?.conditions ?? [])
        .filter(({ type }) => type === 'Ready')
        .map(({ type, status: value }) => ({ type, status: value })),
    },
  };
}
