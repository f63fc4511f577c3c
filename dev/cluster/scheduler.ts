import type { Pod } from '#lib/core/kubernetes.ts';
import { type NodePlace, nodeLabels } from './node-object.ts';

/** A node that may take pods, and how many it has. */
export interface Candidate {
  readonly node: NodePlace;
  readonly podCount: number;
}

/** Chooses a node for a pod that has none; `undefined` leaves the pod pending. */
export type ScheduleRule = (pod: Pod, candidates: readonly Candidate[]) => string | undefined;

/**
 * The schedulable node with the fewest pods among those whose labels match the pod's nodeSelector. A pod of a DaemonSet
 * gets the node that it was made for, schedulable or not.
 */
export const fewestPods: ScheduleRule = (pod, candidates) => {
  const meant = nodeMeantFor(pod);
  if (meant !== undefined) return candidates.find(({ node }) => node.name === meant)?.node.name;
  const selector = Object.entries(nodeSelectorOf(pod));
  const fitting = candidates.filter(({ node }) => {
    const labels = nodeLabels(node);
    return !node.unschedulable && selector.every(([key, value]) => labels[key] === value);
  });
  return fitting.toSorted((a, b) => a.podCount - b.podCount)[0]?.node.name;
};

/** What only the scheduler reads of a pod; pods are read with the fields that the product needs. */
interface Placeable {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms: readonly {
          readonly matchFields?: readonly { readonly key: string; readonly values?: readonly string[] }[];
        }[];
      };
    };
  };
}

function nodeSelectorOf(pod: Pod): Readonly<Record<string, string>> {
  // The API server has checked the form.
  return (pod.spec as Placeable).nodeSelector ?? {};
}

/** The DaemonSet controller binds no pods: it writes the node's name into their affinity. */
function nodeMeantFor(pod: Pod): string | undefined {
  // The API server has checked the form.
  const { nodeAffinity } = (pod.spec as Placeable).affinity ?? {};
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const fields = terms.flatMap(({ matchFields }) => matchFields ?? []);
  return fields.find(({ key }) => key === 'metadata.name')?.values?.[0];
}
