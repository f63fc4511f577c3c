import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from '#lib/core/kubernetes.ts';
import { DIST, ROOT } from '../build/layout.ts';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost, ProcessSpec } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';
import type { Cluster } from './cluster.ts';

/** The module's namespace, as its manifests name it. */
export const PRODUCT_NAMESPACE = 'd8-service-with-healthchecks';

/** Ports on a node, or on the hub for the controller. */
const HEALTH_PORT = 4207;
const METRICS_PORT = 4208;

export interface ProductOptions {
  /** Nodes on which an agent starts. Default: all nodes that take pods. */
  readonly agentsOn?: readonly string[];
  /** Further flags of the programs. */
  readonly controllerFlags?: readonly string[];
  readonly agentFlags?: readonly string[];
}

/** The controller or one agent: a program that can be ended and started again with the same identity. */
export class ProductProgram {
  readonly healthAddress: string;
  readonly metricsAddress: string;
  readonly #host: ProcessHost;
  readonly #spec: ProcessSpec;
  #process: ManagedProcess | undefined;

  /** `address`: where it serves health and metrics. */
  constructor(host: ProcessHost, spec: ProcessSpec, address: string) {
    this.#host = host;
    this.healthAddress = `${address}:${HEALTH_PORT}`;
    this.metricsAddress = `${address}:${METRICS_PORT}`;
    const places = ['--health-address', this.healthAddress, '--metrics-address', this.metricsAddress];
    this.#spec = { ...spec, args: [...spec.args, ...places] };
  }

  /** The running program; throws before the first start. */
  get process(): ManagedProcess {
    if (this.#process === undefined) throw new Error(`${this.#spec.name} was not started`);
    return this.#process;
  }

  /** Starts the program and waits until it says that it is ready. */
  async start(): Promise<void> {
    const started = await this.#host.start(this.#spec);
    this.#process = started;
    await waitFor(`${started.name} to become ready (log ${started.logFile})`, async () => {
      if (!started.isRunning())
        throw new GiveUpError(`${started.name} ended at start:\n${started.logTail()}`);
      return (await fetch(`http://${this.healthAddress}/readyz`)).ok ? true : undefined;
    });
  }

  /** Ends it as a rollout does. */
  async terminate(): Promise<void> {
    await this.process.stop('SIGTERM', 10_000);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.process.exited;
  }

  /** Stops it in its tracks, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.process.kill(signal);
  }
}

/** Controller and agents that run against a cluster, with the rights that the module's manifests grant. */
export interface Product {
  readonly controller: ProductProgram;
  /** The agent of a node; throws when none was started there. */
  agent(node: string): ProductProgram;
}

/** Applies the CRD and the module's access rules, then starts the built programs. They stop with the cluster. */
export async function startProduct(cluster: Cluster, options: ProductOptions = {}): Promise<Product> {
  for (const program of ['controller', 'agent']) {
    if (!existsSync(`${DIST}/bin/${program}`))
      throw new Error(`dist/bin/${program} is missing: npm run build`);
  }
  await applyModuleManifests(cluster);
  const controller = await makeController(cluster, options.controllerFlags ?? []);
  const agents = new Map<string, ProductProgram>();
  for (const node of options.agentsOn ?? cluster.nodes.map(({ name }) => name)) {
    agents.set(node, await makeAgent(cluster, node, options.agentFlags ?? []));
  }
  await Promise.all([controller, ...agents.values()].map((program) => program.start()));
  return {
    controller,
    agent(node) {
      const agent = agents.get(node);
      if (agent === undefined) throw new Error(`no agent was started on ${node}`);
      return agent;
    },
  };
}

/** The CRD, the namespace, and what the module grants its programs: nothing more than the chart does. */
async function applyModuleManifests({ controlPlane }: Cluster): Promise<void> {
  const crd = join(ROOT, 'crds/servicewithhealthchecks.yaml');
  const rules = globSync('templates/**/{rbac-for-us,admission-policy}*.yaml', { cwd: ROOT }).toSorted();
  const files = [crd, ...['templates/namespace.yaml', ...rules].map((file) => join(ROOT, file))];
  const manifests = files.map((file) => readFileSync(file, 'utf8')).join('\n---\n');
  await controlPlane.kubectl(['apply', '--server-side', '-f', '-'], manifests);
  const condition = ['--for=condition=Established', 'crd/servicewithhealthchecks.network.deckhouse.io'];
  await controlPlane.kubectl(['wait', '--timeout=15s', ...condition]);
}

async function makeController(cluster: Cluster, flags: readonly string[]): Promise<ProductProgram> {
  const { host, controlPlane, network } = cluster;
  const kubeconfig = await controlPlane.serviceAccountKubeconfig({
    namespace: PRODUCT_NAMESPACE,
    name: 'controller',
  });
  const spec = {
    name: 'controller',
    command: `${DIST}/bin/controller`,
    args: ['--kubeconfig', kubeconfig, '--namespace', PRODUCT_NAMESPACE, ...flags],
  };
  return new ProductProgram(host, spec, network.plan.hub);
}

/** An agent runs in its node's network and with a token that names the node, as in a DaemonSet. */
async function makeAgent(cluster: Cluster, node: string, flags: readonly string[]): Promise<ProductProgram> {
  const { host, controlPlane, network } = cluster;
  const { metadata } = await controlPlane.api.get<Node>(`/api/v1/nodes/${node}`);
  const kubeconfig = await controlPlane.serviceAccountKubeconfig({
    namespace: PRODUCT_NAMESPACE,
    name: 'agent',
    boundTo: { kind: 'Node', name: node, uid: metadata.uid ?? '' },
  });
  const { netns, address } = network.node(node);
  const common = ['--kubeconfig', kubeconfig, '--namespace', PRODUCT_NAMESPACE, '--node-name', node];
  const spec = { name: `agent-${node}`, command: `${DIST}/bin/agent`, args: [...common, ...flags], netns };
  return new ProductProgram(host, spec, address);
}
