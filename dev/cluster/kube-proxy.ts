import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';
import { providePrograms } from '../toolchain/toolchain.ts';
import { componentKubeconfig } from './component-access.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Network } from './network.ts';

/** How kube-proxy writes its rules. */
export type ProxyMode = 'iptables' | 'nftables';

export interface KubeProxyOptions {
  readonly network: Network;
  readonly node: string;
  /**
   * Default: nftables. With it the kernel refuses a few of the connections that begin in the microseconds in which the
   * rules of their Service are rewritten: `npm run bench:rule-rewrites`.
   */
  readonly mode?: ProxyMode | undefined;
}

/**
 * Starts kube-proxy in a node's namespace and waits for its first complete sync. A Node object of that name with its
 * addresses must exist.
 */
export async function startKubeProxy(
  host: ProcessHost,
  controlPlane: ControlPlane,
  { network, node, mode = 'nftables' }: KubeProxyOptions,
): Promise<ManagedProcess> {
  const { 'kube-proxy': command } = await providePrograms(['kube-proxy']);
  const { netns, address } = network.node(node);
  const config = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode,
    // Else it would ask the kernel to route loopback addresses.
    iptables: { localhostNodePorts: false },
    hostnameOverride: node,
    clientConnection: {
      kubeconfig: await componentKubeconfig(controlPlane, 'kube-proxy', 'system:node-proxier'),
    },
    clusterCIDR: network.plan.clusterCidrs.join(','),
    healthzBindAddress: `${address}:10256`,
    metricsBindAddress: `${address}:10249`,
    // The limits of conntrack belong to the machine, not to a namespace.
    conntrack: { maxPerCore: 0, min: 0 },
  };
  const file = join(host.directory('kube-proxy'), `${node}.json`);
  writeFileSync(file, JSON.stringify(config));
  await network.routeServices(node);
  const name = `kube-proxy-${node}`;
  const args = [`--config=${file}`];
  const process = await host.start({ name, command, args, netns, disposable: true });
  await waitFor(`kube-proxy on ${node} to sync its rules (log ${process.logFile})`, async () => {
    if (!process.isRunning()) throw new GiveUpError(`${name} ended at start:\n${process.logTail()}`);
    return (await fetch(`http://${address}:10256/healthz`)).ok ? true : undefined;
  });
  return process;
}
