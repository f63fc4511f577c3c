import { readFileSync } from 'node:fs';
import { ControlPlane } from '../cluster/control-plane.ts';
import { createNamespace } from '../cluster/namespace.ts';
import { Network } from '../cluster/network.ts';
import {
  applyResourceDefinition,
  type Product,
  type ProductOptions,
  startProduct,
} from '../cluster/product.ts';
import type { ManagedProcess } from '../process/managed-process.ts';
import { ProcessHost } from '../process/process-host.ts';
import type { Change } from './change.ts';
import { ClusterWatch } from './cluster-watch.ts';
import { type Consumers, startConsumers } from './consumers.ts';
import { startPodServers } from './pod-servers.ts';
import type { ProbeMode } from './probe-mode.ts';
import { restarter } from './restarts.ts';
import { LOOPBACK_BLOCK, RigNodes } from './rig-nodes.ts';
import { NODE_NAMES, type NodeName, type Nodes } from './world.ts';

export interface RigOptions extends Pick<ProductOptions, 'programs' | 'controllerFlags' | 'agentFlags'> {
  readonly mode: ProbeMode;
  /** Whether a kube-proxy and a CoreDNS read what is published; needs a mode with probes, for its network. */
  readonly consumers?: boolean;
}

/** A control plane with three nodes that nobody runs, the controller and three agents. */
export interface Rig {
  readonly controlPlane: ControlPlane;
  readonly product: Product;
  readonly watch: ClusterWatch;
  /** Holds the addresses of pods: see `historyOf`. */
  readonly block: string;
  readonly mode: ProbeMode;
  readonly consumers: Consumers | undefined;
  /** Makes a pair of namespaces. */
  namespaces(number: number): Promise<readonly [plain: string, twin: string]>;
  nodes(): Nodes;
  /** The last lines that the controllers and agents have logged about a namespace. */
  logged(namespace: string): readonly string[];
  /** Sets or removes the zone label of a node. */
  rezone(node: NodeName, zone: string | undefined): Promise<void>;
  /** Deletes a Node object, and makes it again. */
  dropNode(node: NodeName): Promise<void>;
  restoreNode(node: NodeName, zone: string | undefined): Promise<void>;
  /** Ends a program of the product and starts it again. */
  restart(change: Extract<Change, { kind: 'restart' }>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts everything; the caller stops it. Probes need a network, and a network needs root. */
export async function startRig({ mode, programs = 'source', ...options }: RigOptions): Promise<Rig> {
  const host = ProcessHost.open();
  try {
    const network = mode.name === 'none' ? undefined : await Network.open(host);
    const controlPlane = await ControlPlane.start(host, {
      ...(network && { address: network.plan.hub, serviceCidrs: network.plan.serviceCidrs }),
      audit: 'none',
      controllerManager: { controllers: CONTROLLERS },
      beforeControllers: applyResourceDefinition,
    });
    const { api } = controlPlane;
    const nodes = await RigNodes.make(api, network);
    if (network) await startPodServers(host, network);
    const home = {
      ...{ host, controlPlane, nodes: nodes.places },
      get network() {
        return network ?? noNetwork();
      },
    };
    const product = await startProduct(home, { programs, agentTokens: 'pod', ...options });
    // A leader that could not renew its Lease ends, which happens on a machine that is too slow.
    product.controller.keepRunning((lastWords) =>
      console.log(`the controller is started again: ${lastWords}`),
    );
    const consumers =
      network && options.consumers ? await startConsumers(host, controlPlane, network) : undefined;
    const watch = new ClusterWatch(api);
    return {
      ...{ controlPlane, product, watch, mode, consumers },
      block: network?.plan.block ?? LOOPBACK_BLOCK,
      async namespaces(number) {
        const names = [`pair-${number}-plain`, `pair-${number}-twin`] as const;
        for (const name of names) await createNamespace(api, name);
        return names;
      },
      nodes: () => nodes.now(),
      logged: (namespace) =>
        [
          ...controlPlane.processes().filter(({ name }) => name === 'kube-controller-manager'),
          product.controller.process,
          ...NODE_NAMES.map((node) => product.agent(node).process),
        ].flatMap((process) => linesAbout(namespace, process)),
      rezone: (node, zone) => nodes.rezone(node, zone),
      dropNode: (node) => nodes.drop(node),
      restoreNode: (node, zone) => nodes.restore(node, zone),
      restart: restarter(api, product),
      async stop() {
        watch.stop();
        api.close();
        await host.close();
      },
    };
  } catch (error) {
    await host.close();
    throw error;
  }
}

const LINES_SHOWN = 3;

function linesAbout(namespace: string, { name, logFile }: ManagedProcess): readonly string[] {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  const about = lines.filter((line) => line.includes(namespace));
  return about.slice(-LINES_SHOWN).map((line) => `${name}: ${line}`);
}

/** Those that endpoints, service accounts and the deletion of dependents need. */
const CONTROLLERS = [
  'endpointslice-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
];

function noNetwork(): Network {
  throw new Error('bug: nodes without a network namespace ask for a network');
}
