import type { EndpointSlice, Node, Pod } from '#lib/core/kubernetes.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import { sameJson } from '#lib/core/same-json.ts';
import { SERVICE_NAME_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import type { Change } from '#lib/kube/informer.ts';
import type { AgentInformers } from './informers.ts';
import { differs } from './slim-pod.ts';
import type { SwhStore } from './swh-store.ts';

export interface KeyRouterDeps {
  readonly informers: AgentInformers;
  readonly store: SwhStore;
  readonly nodeName: string;
  /** Takes the key of an object that may have something to do. */
  readonly enqueue: (key: string) => void;
}

/** Turns changes of the cluster into keys of objects; changes that matter to none are dropped here. */
export function routeKeys({ informers, store, nodeName, enqueue }: KeyRouterDeps): void {
  informers.swhs.onChange((change) => {
    if (store.take(change)) enqueue(change.key);
  });
  informers.pods.onChange((change) => {
    for (const key of keysOfPod(change, store)) enqueue(key);
  });
  informers.slices.onChange(({ previous, current }) => {
    const key = keyOfSlice(current ?? previous);
    if (key !== undefined && store.get(key) !== undefined) enqueue(key);
  });
  informers.nodes.onChange((change) => {
    if (!isNodeChanged(change, nodeName)) return;
    for (const key of store.keys()) enqueue(key);
  });
}

/** A pod whose labels have changed concerns the objects of both sets of labels. */
function keysOfPod({ previous, current }: Change<Pod>, store: SwhStore): ReadonlySet<string> {
  if (previous !== undefined && current !== undefined && !differs(previous, current)) return new Set();
  return new Set([previous, current].flatMap((pod) => (pod === undefined ? [] : store.keysSelecting(pod))));
}

function keyOfSlice(slice: EndpointSlice | undefined): string | undefined {
  const name = slice?.metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${slice?.metadata.namespace ?? ''}/${name}`;
}

function isNodeChanged({ previous, current }: Change<Node>, nodeName: string): boolean {
  return !sameJson(nodeFacts(nodeName, previous), nodeFacts(nodeName, current));
}
