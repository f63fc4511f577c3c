import { ProcessHost } from '../process/process-host.ts';
import { type NodeAddresses, nodeAddresses } from './address-plan.ts';
import type { AuditScope } from './api-server.ts';
import { ControlPlane } from './control-plane.ts';
import type { ControllerManagerOptions } from './controller-manager.ts';
import { type CoreDns, startCoreDns } from './coredns.ts';
import { type ProxyMode, startKubeProxy } from './kube-proxy.ts';
import { Kubelets, type KubeletsOptions } from './kubelets.ts';
import { Network } from './network.ts';
import type { NodePlace } from './node-object.ts';

/** The node whose namespace stands for everything that connects to Services; no pods are scheduled to it. */
export const clientNode = 'client';

/** What to start; all have defaults. */
export interface ClusterOptions extends KubeletsOptions {
  /** Starts the programs; given by a caller whose `runPod` needs it. It is closed with the cluster. */
  readonly host?: ProcessHost;
  /** `node-1` … `node-<nodes>`. Default 3. */
  readonly nodes?: number;
  /** Zone of the node with a number from 1 on; default `zone-a`, `zone-b`, `zone-c` in turn. */
  readonly zoneOf?: (number: number) => string;
  /** Further labels of the node with a number from 1 on, such as that of a master. Default none. */
  readonly labelsOf?: (number: number) => Readonly<Record<string, string>>;
  /**
   * `bridge`: nodes are network namespaces in which pods have real addresses; needs root. `loopback`: an API
   * server at 127.0.0.1 only, and addresses behind which nothing answers. Default `bridge`.
   */
  readonly network?: 'loopback' | 'bridge';
  /** Nodes on which kube-proxy runs; needs the bridge. Default: the client only. */
  readonly kubeProxy?: readonly string[];
  /** Of all of them. Default: nftables. */
  readonly proxyMode?: ProxyMode;
  /** Whether CoreDNS runs in the client's namespace; needs the bridge. Default true. */
  readonly dns?: boolean;
  readonly audit?: AuditScope;
  /** Default: all controllers, pod garbage collection too. */
  readonly controllerManager?: ControllerManagerOptions;
  readonly apiServerArgs?: readonly string[];
}

/** A running cluster. `stop` removes everything: processes, namespaces, links, files. */
export interface Cluster {
  readonly host: ProcessHost;
  readonly controlPlane: ControlPlane;
  /** Throws in a cluster without a bridge. */
  readonly network: Network;
  readonly kubelets: Kubelets;
  /** The nodes that take pods. */
  readonly nodes: readonly NodePlace[];
  /** `undefined` when DNS was not asked for. */
  readonly dns: CoreDns | undefined;
  stop(): Promise<void>;
}

/** Starts a cluster; when that fails, removes what was started. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { host = ProcessHost.open() } = options;
  try {
    return await start(host, options);
  } catch (error) {
    await host.close();
    throw error;
  }
}

async function start(host: ProcessHost, options: ClusterOptions): Promise<Cluster> {
  const network = (options.network ?? 'bridge') === 'bridge' ? await Network.open(host) : undefined;
  const controlPlane = await startControlPlane(host, network, options);
  const kubelets = new Kubelets(controlPlane.api, options);
  const nodes = await makeNodes(network, options);
  for (const node of nodes) await kubelets.addNode(node);
  const dns = network && (await startClient(host, { controlPlane, kubelets, network, options }));
  return {
    ...{ host, controlPlane, kubelets, nodes, dns },
    get network() {
      if (network === undefined) throw new Error('this cluster has no network: start it with a bridge');
      return network;
    },
    async stop() {
      await kubelets.stop();
      controlPlane.api.close();
      await host.close();
    },
  };
}

function startControlPlane(
  host: ProcessHost,
  network: Network | undefined,
  { audit, controllerManager, apiServerArgs }: ClusterOptions,
): Promise<ControlPlane> {
  return ControlPlane.start(host, {
    ...(network && { address: network.plan.hub, serviceCidrs: network.plan.serviceCidrs }),
    ...(audit && { audit }),
    ...(apiServerArgs && { apiServerArgs }),
    controllerManager: { podGarbageCollection: true, ...controllerManager },
  });
}

async function makeNodes(
  network: Network | undefined,
  { nodes = 3, zoneOf = zoneInTurn, labelsOf = () => ({}) }: ClusterOptions,
): Promise<readonly NodePlace[]> {
  const places: NodePlace[] = [];
  for (let number = 1; number <= nodes; number++) {
    const name = `node-${number}`;
    const addresses = network ? await network.addNode(name) : unreachable(number, name);
    places.push({ ...addresses, zone: zoneOf(number), unschedulable: false, labels: labelsOf(number) });
  }
  return places;
}

interface ClientParts {
  readonly controlPlane: ControlPlane;
  readonly kubelets: Kubelets;
  readonly network: Network;
  readonly options: ClusterOptions;
}

/** Makes the client's namespace and what runs in it. */
async function startClient(
  host: ProcessHost,
  { controlPlane, kubelets, network, options }: ClientParts,
): Promise<CoreDns | undefined> {
  const { kubeProxy = [clientNode], proxyMode, dns = true, zoneOf = zoneInTurn } = options;
  const addresses = await network.addNode(clientNode);
  await kubelets.addNode({ ...addresses, zone: zoneOf(1), unschedulable: true, labels: {} });
  for (const node of kubeProxy) await startKubeProxy(host, controlPlane, { network, node, mode: proxyMode });
  return dns ? startCoreDns(host, controlPlane, { network, node: clientNode }) : undefined;
}

function zoneInTurn(number: number): string {
  return `zone-${'abc'.charAt((number - 1) % 3)}`;
}

/** Addresses of a range that is meant for benchmarks and routed nowhere. */
function unreachable(number: number, name: string): NodeAddresses {
  return nodeAddresses('198.18', number, name);
}
