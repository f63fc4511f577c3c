import { setTimeout as delay } from 'node:timers/promises';
import { type Cluster, startCluster } from '../../dev/cluster/cluster.ts';
import { type Product, type ProductProgram, startProduct } from '../../dev/cluster/product.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { metricSum } from '../measure/agent-metrics.ts';
import { usageOf } from '../measure/process-usage.ts';
import { timeWaitCount } from '../measure/time-wait.ts';
import { BlackboxExporter } from '../peer/blackbox-exporter.ts';
import { Haproxy } from '../peer/haproxy.ts';
import { CheckTarget, FIRST_TARGET_PORT } from './check-target.ts';
import { CheckedPods } from './checked-pods.ts';
import type { Checker } from './cost-run.ts';

/** What is checked: over a connection of its own each time, or over one that is kept. */
export type CheckKind = 'TCP' | 'HTTP' | 'HTTP kept';

const NODE = 'node-1';
const PATH = '/healthz';
const PERIOD_MS = 1000;
/** After this, an agent without targets has the memory that it keeps. */
const IDLE_MS = 15_000;
/** With an empty queue for so long, the start of an agent is over: endpoints of an earlier one are ready before that. */
const REST_MS = 5_000;
const REST_DEADLINE_MS = 180_000;

/** One node with targets, and those who check them in turn: the built agent, HAProxy, blackbox_exporter. */
export class CostRig {
  readonly target: CheckTarget;
  /** Anonymous memory of an agent without targets, in kB. */
  readonly idleAgentKb: number;
  readonly #cluster: Cluster;
  readonly #product: Product;
  readonly #pods: CheckedPods;
  #peers = 0;

  private constructor(
    cluster: Cluster,
    product: Product,
    parts: { target: CheckTarget; pods: CheckedPods; idleAgentKb: number },
  ) {
    this.#cluster = cluster;
    this.#product = product;
    this.target = parts.target;
    this.#pods = parts.pods;
    this.idleAgentKb = parts.idleAgentKb;
  }

  /** Starts everything but the checkers; when that fails, removes what was started. */
  static async start(targets: number): Promise<CostRig> {
    const cluster = await startCluster({ nodes: 1, dns: false, kubeProxy: [] });
    try {
      const product = await startProduct(cluster, { agentsOn: [NODE] });
      await delay(IDLE_MS);
      const { anonymousKb: idleAgentKb } = await usageOf(product.agent(NODE).process.pid);
      await product.agent(NODE).terminate();
      const target = await CheckTarget.start(
        cluster.host,
        cluster.network.node(NODE),
        CheckedPods.portsFor(targets),
      );
      const pods = await CheckedPods.create(cluster, targets);
      return new CostRig(cluster, product, { target, pods, idleAgentKb });
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Makes the objects of so many targets, or all, ask for checks of this kind. */
  async ask(kind: CheckKind, targets = this.#pods.addresses.length): Promise<void> {
    const connection = kind === 'HTTP kept' ? 'Kept' : 'Fresh';
    await this.#pods.apply(
      (targetPort) =>
        kind === 'TCP'
          ? { mode: 'TCP', tcp: { targetPort } }
          : { mode: 'HTTP', http: { targetPort, path: PATH, connection } },
      targets,
    );
  }

  /** The agent, when all targets are ready endpoints and it has written what it had to. */
  async startAgent(): Promise<Checker> {
    const agent: ProductProgram = this.#product.agent(NODE);
    await agent.start();
    await this.#pods.waitForReady();
    await waitForRest(agent);
    return { process: agent.process, stop: () => agent.terminate() };
  }

  /** HAProxy with one thread; `most`: checks no more targets than this. */
  startHaproxy(kind: CheckKind, most = Number.POSITIVE_INFINITY): Promise<Checker> {
    return Haproxy.start(this.#cluster.host, {
      name: `haproxy-${++this.#peers}`,
      netns: this.#node.netns,
      logAddress: this.#cluster.network.plan.hub,
      checks: {
        servers: this.#pods.addresses.slice(0, most),
        kind: kind === 'TCP' ? 'tcp' : { httpPath: PATH },
        intervalMs: PERIOD_MS,
        timeoutMs: 2000,
      },
    });
  }

  startBlackbox(kind: CheckKind): Promise<Checker> {
    return BlackboxExporter.start(this.#cluster.host, {
      name: `blackbox-${++this.#peers}`,
      netns: this.#node.netns,
      address: this.#node.address,
      kind: kind === 'TCP' ? 'tcp' : { httpPath: PATH },
      targets: this.#pods.addresses,
    });
  }

  /** Connections with targets that have come into TIME_WAIT on the node within so many seconds. */
  timeWaits(withinSeconds: number): Promise<number> {
    const ports = { from: FIRST_TARGET_PORT, to: FIRST_TARGET_PORT + 999 };
    return timeWaitCount({ netns: this.#node.netns, ports, withinSeconds });
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  get #node() {
    return this.#cluster.network.node(NODE);
  }
}

async function waitForRest(agent: ProductProgram): Promise<void> {
  let sinceMs = performance.now();
  await waitFor(
    'the agent to have nothing more to write',
    async () => {
      const waiting = await metricSum(agent, 'swh_agent_queue_depth');
      if (waiting > 0) sinceMs = performance.now();
      return performance.now() - sinceMs >= REST_MS ? true : undefined;
    },
    { deadlineMs: REST_DEADLINE_MS, intervalMs: 500 },
  );
}
