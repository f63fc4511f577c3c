import { randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Node, Pod } from '#lib/core/kubernetes.ts';
import { DIST, ROOT } from '../build/layout.ts';
import { manifestOf, renderChart, withoutWorkloads } from '../chart/render-chart.ts';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost, ProcessSpec } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';
import type { Cluster } from './cluster.ts';
import type { ControlPlane } from './control-plane.ts';
import type { NodePlace } from './node-object.ts';
import type { ServiceAccountTokenSpec } from './service-account-kubeconfig.ts';

/** The module's namespace, as its manifests name it. */
export const PRODUCT_NAMESPACE = 'd8-service-with-healthchecks';

/** Ports on a node, or on the hub for the controller. */
const HEALTH_PORT = 4207;
const METRICS_PORT = 4208;

/** What the product runs on: a cluster, or any control plane with nodes. */
export interface ProductHome extends Pick<Cluster, 'host' | 'controlPlane' | 'network'> {
  /** A node without a network namespace shares that of this process. */
  readonly nodes: readonly Pick<NodePlace, 'name' | 'address' | 'netns'>[];
}

export interface ProductOptions {
  /** `built`: the programs in dist/bin; `source`: the same from their sources, without a build. Default `built`. */
  readonly programs?: 'built' | 'source';
  /** `there`: somebody has installed the CRD and the module's manifests. Default: they are applied. */
  readonly manifests?: 'applied' | 'there';
  /** Nodes on which an agent starts. Default: all nodes that take pods. */
  readonly agentsOn?: readonly string[];
  /**
   * What the tokens of agents are bound to. Default: the node, with which they end; `pod`: a pod on it, as in a
   * DaemonSet, which outlives the Node object where nobody collects pods.
   */
  readonly agentTokens?: 'node' | 'pod';
  /** Further flags of the programs. */
  readonly controllerFlags?: readonly string[];
  readonly agentFlags?: readonly string[];
  /** A module that the agents' Node loads before their own code, and further environment of theirs. */
  readonly agentPreload?: { readonly module: string; readonly env: Readonly<Record<string, string>> };
}

/** The controller or one agent: a program that can be ended and started again with the same identity. */
export class ProductProgram {
  readonly healthAddress: string;
  readonly metricsAddress: string;
  readonly #host: ProcessHost;
  readonly #spec: ProcessSpec;
  #process: ManagedProcess | undefined;
  /** Told when it has ended unasked and is started again; undefined: nobody starts it again. */
  #onRestart: ((reason: string) => void) | undefined;
  /** The process that was last asked to end. */
  #dismissed: ManagedProcess | undefined;

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
    void started.exited.then(() => this.#replace(started));
    await waitFor(`${started.name} to become ready (log ${started.logFile})`, async () => {
      if (!started.isRunning())
        throw new GiveUpError(`${started.name} ended at start:\n${started.logTail()}`);
      return (await fetch(`http://${this.healthAddress}/readyz`)).ok ? true : undefined;
    });
  }

  /** Runs it once more beside itself with further flags, until it ends by itself; throws when that is a failure. */
  async runToEnd(flags: readonly string[]): Promise<void> {
    const { name, args } = this.#spec;
    const process = await this.#host.start({
      ...this.#spec,
      name: `${name}-once`,
      args: [...args, ...flags],
    });
    const status = await process.exited;
    if (status.kind === 'exited' && status.code === 0) return;
    throw new Error(`${process.name} ended with ${JSON.stringify(status)}:\n${process.logTail()}`);
  }

  /** From here on it is started again when it ends unasked, as a kubelet does; `onRestart` gets its last words. */
  keepRunning(onRestart: (lastWords: string) => void): void {
    this.#onRestart = onRestart;
  }

  async #replace(ended: ManagedProcess): Promise<void> {
    const onRestart = this.#onRestart;
    const wasAsked = this.#dismissed === ended || this.#host.isClosing;
    if (onRestart === undefined || wasAsked || this.#process !== ended) return;
    onRestart(ended.logTail(2));
    // Should it end again, that is noticed like this end was.
    await this.start().catch(() => undefined);
  }

  /** Ends it as a rollout does. */
  async terminate(): Promise<void> {
    this.#dismissed = this.process;
    await this.process.stop('SIGTERM', 10_000);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.#dismissed = this.process;
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

/** Applies the CRD and the module's access rules, then starts the programs. They stop with its `ProcessHost`. */
export async function startProduct(home: ProductHome, options: ProductOptions = {}): Promise<Product> {
  const commandOf = options.programs === 'source' ? sourceCommand : builtCommand;
  if (options.manifests !== 'there') await applyModuleManifests(home);
  const controller = await makeController(home, commandOf('controller'), options.controllerFlags ?? []);
  const agents = new Map<string, ProductProgram>();
  for (const node of options.agentsOn ?? home.nodes.map(({ name }) => name)) {
    const bound = await bindingOf(home, node, options.agentTokens ?? 'node');
    const { agentPreload: preload, agentFlags = [] } = options;
    const command: Command = [...commandOf('agent', preload?.module), ...agentFlags];
    agents.set(node, await makeAgent(home, node, { boundTo: bound, command, env: preload?.env ?? {} }));
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

/** The part of a CustomResourceDefinition that says whether its objects can be made. */
interface Established {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null;
  };
}

/**
 * The CRD and the rendered chart, so that the programs have the rights that an installation gives them and no others. The
 * workloads are left out: the programs run as processes, and nothing would run the pods.
 */
async function applyModuleManifests({ controlPlane }: ProductHome): Promise<void> {
  await applyResourceDefinition(controlPlane);
  const chart = manifestOf(withoutWorkloads(await renderChart()));
  await controlPlane.kubectl(['apply', '--server-side', '-f', '-'], chart);
}

/** The CRD; resolves when objects of its kind can be made. */
export async function applyResourceDefinition(controlPlane: ControlPlane): Promise<void> {
  const file = join(ROOT, 'crds/servicewithhealthchecks.yaml');
  await controlPlane.kubectl(['apply', '--server-side', '-f', file]);
  const path =
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/servicewithhealthchecks.network.deckhouse.io';
  // `kubectl wait` gives up on a definition that has no conditions yet.
  await waitFor('the resource definition to be established', async () => {
    const { status } = await controlPlane.api.get<Established>(path);
    return (
      status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True') || undefined
    );
  });
}

type Command = readonly [program: string, ...args: string[]];

function builtCommand(program: 'controller' | 'agent', preload?: string): Command {
  const path = `${DIST}/bin/${program}`;
  if (!existsSync(path)) throw new Error(`dist/bin/${program} is missing: npm run build`);
  if (preload === undefined) return [path];
  // What the launcher does, which takes no flags for Node.
  const [runtime, lib] = [`${DIST}/runtime`, `${DIST}/runtime/lib`];
  const node = [`${runtime}/node`, ...launcherFlags()];
  return [`${lib}/ld.so`, '--library-path', lib, ...node, '--import', preload, `${DIST}/app/${program}.cjs`];
}

/** What the launcher gives Node. */
function launcherFlags(): readonly string[] {
  const source = readFileSync(join(ROOT, 'images/runtime/launcher/main.go'), 'utf8');
  const [, list] = /^var nodeFlags = \[\]string\{([^}]*)\}$/m.exec(source) ?? [];
  if (list === undefined) throw new Error('images/runtime/launcher/main.go has no list nodeFlags');
  return [...list.matchAll(/"([^"]*)"/g)].map(([, flag = '']) => flag);
}

function sourceCommand(program: 'controller' | 'agent', preload?: string): Command {
  const flags = preload === undefined ? [] : ['--import', preload];
  return [process.execPath, ...flags, join(ROOT, `images/${program}/src/main.ts`)];
}

async function makeController(
  home: ProductHome,
  [command, ...first]: Command,
  flags: readonly string[],
): Promise<ProductProgram> {
  const { host, controlPlane } = home;
  const kubeconfig = await controlPlane.serviceAccountKubeconfig({
    namespace: PRODUCT_NAMESPACE,
    name: 'controller',
  });
  const args = [...first, '--kubeconfig', kubeconfig, '--namespace', PRODUCT_NAMESPACE, ...flags];
  const hasNetwork = home.nodes.some(({ netns }) => netns !== undefined);
  const address = hasNetwork ? home.network.plan.hub : loopbackAddress();
  return new ProductProgram(host, { name: 'controller', command, args }, address);
}

type BoundTo = NonNullable<ServiceAccountTokenSpec['boundTo']>;

/** What the token of a node's agent ends with. */
async function bindingOf(
  { controlPlane }: ProductHome,
  node: string,
  kind: 'node' | 'pod',
): Promise<BoundTo> {
  const { api } = controlPlane;
  if (kind === 'node') {
    const { metadata } = await api.get<Node>(`/api/v1/nodes/${node}`);
    return { kind: 'Node', name: node, uid: metadata.uid ?? '' };
  }
  const name = `agent-${node}`;
  const { metadata } = await api.post<Pod>(`/api/v1/namespaces/${PRODUCT_NAMESPACE}/pods`, {
    metadata: { name },
    spec: { nodeName: node, serviceAccountName: 'agent', containers: [{ name: 'agent', image: 'none' }] },
  });
  return { kind: 'Pod', name, uid: metadata.uid ?? '' };
}

/** An agent runs in its node's network and with a token that names the node, as in a DaemonSet. */
async function makeAgent(
  { host, controlPlane, nodes }: ProductHome,
  name: string,
  given: {
    readonly boundTo: BoundTo;
    readonly command: Command;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<ProductProgram> {
  const { boundTo, env } = given;
  const [command, ...flags] = given.command;
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) throw new Error(`start an agent: there is no node ${name}`);
  const kubeconfig = await controlPlane.serviceAccountKubeconfig({
    namespace: PRODUCT_NAMESPACE,
    name: 'agent',
    boundTo,
  });
  const common = ['--kubeconfig', kubeconfig, '--namespace', PRODUCT_NAMESPACE, '--node-name', name];
  const spec = { name: `agent-${name}`, command, args: [...flags, ...common], env };
  return node.netns === undefined
    ? new ProductProgram(host, spec, loopbackAddress())
    : new ProductProgram(host, { ...spec, netns: node.netns }, node.address);
}

/** All of 127/8 is this machine; drawn at random, programs of several runs have the same ports without meeting. */
function loopbackAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
}
