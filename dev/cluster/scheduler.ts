import type { Pod } from '#lib/core/kubernetes.ts';
import { type NodePlace, nodeLabels } from './node-object.ts';

/** A node that may take pods, and how many it has. */
export interface Candidate {
  readonly node: NodePlace;
  readonly podCount: number;
}

/** Chooses a node for a pod that has none; `undefined` leaves the pod pending. */
export type ScheduleRule = (pod: Pod, candidates: readonly Candidate[]) => string | undefined;

/** The schedulable node with the fewest pods among those whose labels match the pod's nodeSelector. */
export const fewestPods: ScheduleRule = (pod, candidates) => {
  const selector = Object.entries(nodeSelectorOf(pod));
  const fitting = candidates.filter(({ node }) => {
    const labels = nodeLabels(node);
    return !node.unschedulable && selector.every(([key, value]) => labels[key] === value);
  });
  return fitting.toSorted((a, b) => a.podCount - b.podCount)[0]?.node.name;
};

function nodeSelectorOf(pod: Pod): Readonly<Record<string, string>> {
  // Pods are read with the fields that the product needs; this one only the scheduler reads.
  return (pod.spec as { readonly nodeSelector?: Readonly<Record<string, string>> }).nodeSelector ?? {};
}
