import type { Node } from '#lib/core/kubernetes.ts';
import { shortHash } from '#lib/core/short-hash.ts';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** What endpoints need to know about the node that they are on. */
export interface NodeFacts {
  readonly name: string;
  /** Whether a Node object of that name exists. */
  readonly exists: boolean;
  /** Kubernetes has given the node up: what is on it must not be sent anything. */
  readonly isLost: boolean;
  readonly zone?: string;
}

/**
 * A node is lost when its Ready condition is Unknown (nobody has renewed it for the grace period; in the same pass
 * Kubernetes marks its pods not ready). Ready=False is the kubelet speaking: its pods may well serve, and it reports their
 * readiness itself. Where the Node object is gone, nothing is known: Kubernetes then removes its pods.
 */
export function nodeFacts(name: string, node: Node | undefined): NodeFacts {
  if (node === undefined) return { name, exists: false, isLost: false };
  const ready = node.status?.conditions?.find((condition) => condition.type === 'Ready');
  const zone = node.metadata.labels?.[ZONE_LABEL];
  return {
    name,
    exists: true,
    isLost: ready?.status === 'Unknown',
    ...(zone === undefined || zone === '' ? {} : { zone }),
  };
}

const LONGEST_LABEL_VALUE = 63;
const LABEL_VALUE = /^[A-Za-z0-9](?:[-_.A-Za-z0-9]*[A-Za-z0-9])?$/;

/**
 * The node's name as a label value. Names may have 253 characters, label values 63: a longer name is cut and
 * told apart by a hash of the whole.
 */
export function nodeLabelValue(nodeName: string): string {
  if (nodeName.length <= LONGEST_LABEL_VALUE && LABEL_VALUE.test(nodeName)) return nodeName;
  const hash = shortHash(nodeName);
  const start = nodeName
    .slice(0, LONGEST_LABEL_VALUE - hash.length - 1)
    .replace(/[^-_.A-Za-z0-9]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return start === '' ? hash : `${start}-${hash}`;
}
