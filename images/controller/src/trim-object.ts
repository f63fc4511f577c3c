import type { KubernetesObject, Node } from '#lib/core/kubernetes.ts';

/** An object reduced to what the controller looks at: of a Node little, of everything else all. */
export function trimObject(kind: string, object: KubernetesObject): KubernetesObject {
  return kind === 'Node' ? trimNode(object) : object;
}

/** What a node has to offer (images, capacity, addresses) is nearly all of it and never read here. */
function trimNode(node: Node): Node {
  const { name, uid, resourceVersion, labels } = node.metadata;
  const conditions = (node.status?.conditions ?? [])
    .filter(({ type }) => type === 'Ready')
    .map(({ type, status }) => ({ type, status }));
  return {
    metadata: {
      name,
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(labels !== undefined && { labels }),
    },
    status: { conditions },
  };
}
