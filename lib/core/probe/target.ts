/** One address and port of one pod: what a probe is run against. */
export interface Target {
  readonly namespace: string;
  readonly podName: string;
  readonly podUid: string;
  /** An address from `status.podIPs` of a pod of the agent's own node, never anything else. */
  readonly address: string;
  readonly port: number;
  /** Further TCP ports that the pod's containers declare: the only ones that a redirect may lead to. */
  readonly declaredPorts?: readonly number[];
}
