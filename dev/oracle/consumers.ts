import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { startCoreDns } from '../cluster/coredns.ts';
import { startKubeProxy } from '../cluster/kube-proxy.ts';
import type { Network } from '../cluster/network.ts';
import type { ProcessHost } from '../process/process-host.ts';
import type { ClusterWatch } from './cluster-watch.ts';
import { dnsAnswers } from './dns-answers.ts';
import { iptablesRulesAbout } from './iptables-rules.ts';
import { rulesAbout } from './proxy-rules.ts';
import { NODE_NAMES } from './world.ts';

const run = promisify(execFile);

/** Real consumers of slices: kube-proxy with nftables and CoreDNS on the first node, with iptables on the second. */
export interface Consumers {
  /** The rules of kube-proxy of both families, as `nft` lists them, and as `iptables-save` does. */
  rules(): Promise<{ readonly nftables: string; readonly iptables: string }>;
  /** Where CoreDNS listens. */
  readonly dnsAddress: string;
}

/** Starts them; they end with the host. */
export async function startConsumers(
  host: ProcessHost,
  controlPlane: ControlPlane,
  network: Network,
): Promise<Consumers> {
  const [node, second] = NODE_NAMES;
  await startKubeProxy(host, controlPlane, { network, node });
  await startKubeProxy(host, controlPlane, { network, node: second, mode: 'iptables' });
  const { address } = await startCoreDns(host, controlPlane, { network, node });
  const outputOf = async (name: string, ...command: readonly string[]): Promise<string> => {
    const { stdout } = await run('ip', ['netns', 'exec', network.node(name).netns, ...command], {
      maxBuffer: 64 << 20,
    });
    return stdout;
  };
  return {
    dnsAddress: address,
    async rules() {
      const [nft, nft6, save, save6] = await Promise.all([
        outputOf(node, 'nft', 'list', 'table', 'ip', 'kube-proxy'),
        outputOf(node, 'nft', 'list', 'table', 'ip6', 'kube-proxy'),
        outputOf(second, 'iptables-save'),
        outputOf(second, 'ip6tables-save'),
      ]);
      return { nftables: `${nft}\n${nft6}`, iptables: `${save}\n${save6}` };
    },
  };
}

/** What the real consumers make of one side. Throws in a rig without consumers. */
export async function consumersSay(
  { watch, consumers }: { readonly watch: ClusterWatch; readonly consumers: Consumers | undefined },
  namespace: string,
): Promise<readonly string[]> {
  if (consumers === undefined) throw new Error('this rig runs no consumers: start it with them');
  const spec = watch.service(namespace)?.spec;
  const subject = { namespace, clusterIps: spec?.clusterIPs ?? [] };
  const answers = await dnsAnswers(consumers.dnsAddress, subject, spec?.ports ?? []);
  const { nftables, iptables } = await consumers.rules();
  return [...rulesAbout(nftables, subject), ...iptablesRulesAbout(iptables, subject), ...answers];
}
