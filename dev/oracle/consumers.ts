import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { startCoreDns } from '../cluster/coredns.ts';
import { startKubeProxy } from '../cluster/kube-proxy.ts';
import type { Network } from '../cluster/network.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { dnsAnswers } from './dns-answers.ts';
import { rulesAbout } from './proxy-rules.ts';
import type { Rig } from './rig.ts';
import { NODE_NAMES } from './world.ts';

const run = promisify(execFile);

/** Real consumers of slices, both on the first node. */
export interface Consumers {
  /** The rules of kube-proxy, as `nft` lists them, both families. */
  rules(): Promise<string>;
  /** Where CoreDNS listens. */
  readonly dnsAddress: string;
}

/** Starts them; they end with the host. */
export async function startConsumers(
  host: ProcessHost,
  controlPlane: ControlPlane,
  network: Network,
): Promise<Consumers> {
  const [node] = NODE_NAMES;
  await startKubeProxy(host, controlPlane, { network, node });
  const { address } = await startCoreDns(host, controlPlane, { network, node });
  const { netns } = network.node(node);
  return {
    dnsAddress: address,
    async rules() {
      const list = (family: string) =>
        run('ip', ['netns', 'exec', netns, 'nft', 'list', 'table', family, 'kube-proxy'], {
          maxBuffer: 64 << 20,
        });
      const tables = await Promise.all(['ip', 'ip6'].map(list));
      return tables.map(({ stdout }) => stdout).join('\n');
    },
  };
}

/** What the real consumers make of one side. Throws in a rig without consumers. */
export async function consumersSay(
  { watch, consumers }: Pick<Rig, 'watch' | 'consumers'>,
  namespace: string,
): Promise<readonly string[]> {
  if (consumers === undefined) throw new Error('this rig runs no consumers: start it with them');
  const spec = watch.service(namespace)?.spec;
  const subject = { namespace, clusterIps: spec?.clusterIPs ?? [] };
  const answers = await dnsAnswers(consumers.dnsAddress, subject, spec?.ports ?? []);
  return [...rulesAbout(await consumers.rules(), subject), ...answers];
}
