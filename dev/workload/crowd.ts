import { fileURLToPath } from 'node:url';
import { podAddresses } from '../cluster/address-plan.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ManagedProcess } from '../process/managed-process.ts';
import { waitFor } from '../process/wait-for.ts';
import type { EndpointLog } from './endpoint-log.ts';

const CONTROL_PORT = 9001;
const PROGRAM = fileURLToPath(new URL('crowd-server.ts', import.meta.url));

/** Requests to the API server at a time. */
const AT_ONCE = 16;

/** One ServiceWithHealthchecks over all pods of a crowd, by a port of its own. */
export interface CrowdObject {
  readonly name: string;
  readonly port: number;
  /** `spec.healthcheck` */
  readonly healthcheck: object;
}

export interface CrowdSpec {
  readonly namespace: string;
  readonly node: string;
  /** At most as many as a node of the cluster has addresses: 254. */
  readonly pods: number;
  readonly objects: readonly CrowdObject[];
}

/** When connections arrived at each `address:port`, milliseconds of a monotonic clock. */
export type Arrivals = ReadonlyMap<string, readonly number[]>;

/** An object whose one probe runs every second, from the start of the pods on. */
export function crowdObject(name: string, port: number, probe: object): CrowdObject {
  return { name, port, healthcheck: { initialDelaySeconds: 0, periodSeconds: 1, probes: [probe] } };
}

/** Thousands of targets on one node: pods times ports, with one server behind all of them. */
export class Crowd {
  readonly server: ManagedProcess;
  /** `address:port` of every target. */
  readonly targets: readonly { readonly address: string; readonly port: number }[];
  readonly #control: string;

  private constructor(server: ManagedProcess, targets: Crowd['targets'], control: string) {
    this.server = server;
    this.targets = targets;
    this.#control = control;
  }

  /** Starts the server, makes pods and objects, and resolves when every endpoint of every object is ready. */
  static async gather(cluster: Cluster, endpoints: EndpointLog, spec: CrowdSpec): Promise<Crowd> {
    const node = cluster.network.node(spec.node);
    const control = `${node.address}:${CONTROL_PORT}`;
    const ports = spec.objects.map(({ port }) => port);
    const server = await cluster.host.start({
      ...{ name: 'crowd-server', command: process.execPath, netns: node.netns, disposable: true },
      args: [PROGRAM, '--control', control, '--ports', ports.join(',')],
    });
    await makePods(cluster, spec);
    const list = { apiVersion: 'v1', kind: 'List', items: spec.objects.map(manifestOf) };
    await cluster.controlPlane.kubectl(['-n', spec.namespace, 'apply', '-f', '-'], JSON.stringify(list));
    await waitForCrowd(endpoints, spec);
    const addresses = Array.from({ length: spec.pods }, (_, index) => podAddresses(node, index + 1)[0]);
    const targets = addresses.flatMap((address) => ports.map((port) => ({ address, port })));
    return new Crowd(server, targets, control);
  }

  /** From now on the port answers one byte per second. */
  async drip(port: number): Promise<void> {
    await this.#send(`/drip?port=${port}`);
  }

  /** From now on the port takes 600 ms for an answer. */
  async slowDown(port: number): Promise<void> {
    await this.#send(`/slow?port=${port}`);
  }

  /** From now on the port refuses. */
  async close(port: number): Promise<void> {
    await this.#send(`/close?port=${port}`);
  }

  /** Notes arrivals while `during` runs. */
  async arrivals(during: () => Promise<void>): Promise<Arrivals> {
    await this.#send('/record');
    await during();
    const response = await this.#send('/arrivals');
    // The server answers in this form.
    return new Map(Object.entries((await response.json()) as Record<string, number[]>));
  }

  async #send(command: string): Promise<Response> {
    const response = await fetch(`http://${this.#control}${command}`);
    if (!response.ok) throw new Error(`the server of the crowd refuses ${command}: ${response.status}`);
    return response;
  }
}

/** Names of the pods of a crowd, sorted. */
export function crowdPods(pods: number): readonly string[] {
  return Array.from({ length: pods }, (_, index) => `crowd-${index + 1}`).toSorted();
}

async function makePods({ kubelets }: Cluster, { namespace, node, pods, objects }: CrowdSpec): Promise<void> {
  const ports = objects.map(({ port }) => ({ containerPort: port }));
  const waiting = [...crowdPods(pods)];
  const makeSome = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      const metadata = { namespace, name, labels: { app: 'crowd' } };
      await kubelets.createPod({ metadata, spec: { nodeName: node, containers: [{ name: 'main', ports }] } });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, makeSome));
}

function manifestOf({ name, port, healthcheck }: CrowdObject): object {
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name },
    spec: { selector: { app: 'crowd' }, ports: [{ port: 80, targetPort: port }], healthcheck },
  };
}

async function waitForCrowd(endpoints: EndpointLog, { pods, objects }: CrowdSpec): Promise<void> {
  for (const { name } of objects) {
    await waitFor(
      `all ${pods} endpoints of ${name} to be ready`,
      async () => (endpoints.ready(name).length === pods ? true : undefined),
      { deadlineMs: 180_000, intervalMs: 250 },
    );
  }
}
