import type { NodeAddresses } from './address-plan.ts';

/** One node of the cluster as its kubelet describes it. */
export interface NodePlace extends NodeAddresses {
  /** The network namespace it runs in; absent in a cluster without a network. */
  readonly netns?: string;
  /** Value of the label topology.kubernetes.io/zone. */
  readonly zone: string;
  /** Whether pods without a node stay away from it. */
  readonly unschedulable: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** All labels of the node: its own and those that every kubelet sets. */
export function nodeLabels({ name, zone, labels }: NodePlace): Readonly<Record<string, string>> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'topology.kubernetes.io/zone': zone,
    ...labels,
  };
}

/** The Node object that a kubelet registers. */
export function nodeObject(node: NodePlace): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node.name, labels: nodeLabels(node) },
    spec: {
      podCIDR: node.podCidr,
      podCIDRs: [node.podCidr, node.podCidr6],
      ...(node.unschedulable && { unschedulable: true }),
    },
  };
}

/** The status that a healthy kubelet reports; a strategic merge patch. */
export function readyNodeStatus(node: NodePlace, now: string): object {
  const resources = { cpu: '8', memory: '32Gi', pods: '254' };
  return {
    status: {
      addresses: [
        { type: 'InternalIP', address: node.address },
        { type: 'InternalIP', address: node.address6 },
        { type: 'Hostname', address: node.name },
        // Merging by type would double the second internal address.
        { $patch: 'replace' },
      ],
      capacity: resources,
      allocatable: resources,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'kubelet is posting ready status',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
    },
  };
}

/** The Lease by which the node's kubelet shows that it lives. */
export function nodeLease(name: string, nodeUid: string, renewTime: string): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace: 'kube-node-lease',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: nodeUid }],
    },
    // The API wants exactly six digits after the point.
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: renewTime.replace('Z', '000Z') },
  };
}
