import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';
import { providePrograms } from '../toolchain/toolchain.ts';
import { componentKubeconfig, type PolicyRule } from './component-access.ts';
import type { ControlPlane } from './control-plane.ts';
import type { Network } from './network.ts';

/** A running DNS server of the cluster domain. */
export interface CoreDns {
  readonly process: ManagedProcess;
  /** Listens on port 53, UDP and TCP. */
  readonly address: string;
}

/**
 * Starts CoreDNS in a node's namespace for `*.svc.cluster.local`, waits until it knows the API's objects and
 * makes it the resolver of programs that are started in that namespace afterwards.
 */
export async function startCoreDns(
  host: ProcessHost,
  controlPlane: ControlPlane,
  { network, node }: { readonly network: Network; readonly node: string },
): Promise<CoreDns> {
  const { coredns: command } = await providePrograms(['coredns']);
  const { netns, address } = network.node(node);
  const kubeconfig = await componentKubeconfig(controlPlane, 'coredns', rules);
  const file = join(host.directory('coredns'), 'Corefile');
  writeFileSync(file, corefile(address, kubeconfig));
  const args = ['-conf', file];
  const process = await host.start({ name: 'coredns', command, args, netns, disposable: true });
  await waitFor(`CoreDNS to become ready (log ${process.logFile})`, async () => {
    if (!process.isRunning()) throw new GiveUpError(`CoreDNS ended at start:\n${process.logTail()}`);
    return (await fetch(`http://${address}:8181/ready`)).ok ? true : undefined;
  });
  network.setResolver(node, address);
  return { process, address };
}

/** Endpoints are named by hostname or address, as by default, not by pod name. */
function corefile(address: string, kubeconfig: string): string {
  return `cluster.local:53 {
  bind ${address}
  errors
  ready ${address}:8181
  kubernetes cluster.local {
    kubeconfig ${kubeconfig}
  }
}
`;
}

const rules: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
];
