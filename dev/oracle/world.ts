import type { IpFamily, ServicePort } from '#lib/core/kubernetes.ts';

/** The nodes of every history. */
export const NODE_NAMES = ['node-1', 'node-2', 'node-3'] as const;

export type NodeName = (typeof NODE_NAMES)[number];

/** Node objects by name; a node without one is not known to the cluster, one without a zone has no label. */
export type Nodes = Readonly<Partial<Record<NodeName, { readonly zone?: string }>>>;

/** Which containers a pod has, and which ports they declare: see `containersOf`. */
export const LAYOUTS = ['web', 'other-number', 'no-ports', 'sidecar', 'init', 'twice', 'udp-first'] as const;

export type Layout = (typeof LAYOUTS)[number];

/** One pod, as far as endpoints follow from it. */
export interface PodModel {
  readonly name: string;
  readonly node: NodeName;
  readonly labels: Readonly<Record<string, string>>;
  readonly layout: Layout;
  readonly hostname?: string;
  readonly subdomain?: string;
  /** Whether it has the addresses of its node, which it shares with others that have. */
  readonly isOnHostNetwork?: true;
  /** Whether it has a readiness gate, and what somebody has written about it. */
  readonly gate: 'none' | 'open' | 'shut' | 'unwritten';
  readonly phase: 'Pending' | 'Running' | 'Unknown' | 'Succeeded' | 'Failed';
  /** `status.podIPs` as the kubelet writes it, canonical or not; empty before the sandbox stands. */
  readonly ips: readonly string[];
  readonly containersReady: boolean;
  readonly isTerminating: boolean;
  /** Counts changes that matter to no endpoint. */
  readonly touched: number;
}

/** What the user writes about the balancer, the same for a Service and for a ServiceWithHealthchecks. */
export interface ServiceModel {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
  readonly isHeadless: boolean;
  readonly families: {
    readonly primary: IpFamily;
    /** Absent: as the API server chooses, a single family. */
    readonly policy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
    /** Whether `ipFamilies` is written out; without it the primary family is that of the cluster, IPv4. */
    readonly isExplicit: boolean;
  };
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  readonly publishNotReadyAddresses?: boolean;
  readonly trafficDistribution?: string;
  readonly sessionAffinity?: string;
  readonly internalTrafficPolicy?: string;
  readonly externalTrafficPolicy?: string;
}

/** Everything that a history has brought about. Nodes are the cluster's, not a history's. */
export interface World {
  readonly service: ServiceModel;
  readonly pods: ReadonlyMap<string, PodModel>;
}

/** Name of the Service and of its twin, each in its namespace. */
export const SERVICE_NAME = 'web';

/** Pods of a world; few enough to meet often. */
export const POD_NAMES = ['pod-1', 'pod-2', 'pod-3', 'pod-4', 'pod-5', 'pod-6', 'pod-7'] as const;

/** Where every history starts: a Service with one port and no pods. */
export const INITIAL_WORLD: World = {
  service: {
    labels: {},
    annotations: {},
    selector: { app: 'web' },
    ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
    isHeadless: false,
    families: { primary: 'IPv4', isExplicit: false },
    type: 'ClusterIP',
  },
  pods: new Map(),
};

/** A pod that every world's first Service selects: running and ready on `node-1`. */
export function aPodModel(given: Partial<PodModel> & { readonly name: string }): PodModel {
  return {
    node: 'node-1',
    labels: { app: 'web' },
    layout: 'web',
    gate: 'none',
    phase: 'Running',
    ips: [],
    containersReady: true,
    isTerminating: false,
    touched: 0,
    ...given,
  };
}

/** Whether its containers have ended for good. */
export function isFinished({ phase }: PodModel): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** The Ready condition that a kubelet would write. */
export function isReady(pod: PodModel): boolean {
  return pod.containersReady && !isFinished(pod) && (pod.gate === 'none' || pod.gate === 'open');
}

/** Families of the Service in a cluster of two families. */
export function familiesOf({ families: { primary, policy } }: ServiceModel): readonly IpFamily[] {
  const secondary = primary === 'IPv4' ? 'IPv6' : 'IPv4';
  return policy === undefined || policy === 'SingleStack' ? [primary] : [primary, secondary];
}
