import type { Pod } from '#lib/core/kubernetes.ts';
import type { PodPlacement, PodProgram } from '../cluster/pod-worker.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { PodServer } from './pod-server.ts';
import { PostgresqlCluster } from './postgresql-cluster.ts';

/** Ports of the guest of the virtual machine. */
const HTTP_PORT = 8080;
const SMTP_PORT = 2525;

/** The programs behind the pods of the examples, for the kubelets to start. */
export class ExamplePods {
  readonly databases: PostgresqlCluster;
  readonly #host: ProcessHost;
  readonly #web = new Map<string, PodServer>();
  readonly #smtp = new Map<string, PodServer>();

  constructor(host: ProcessHost) {
    this.#host = host;
    this.databases = new PostgresqlCluster(host);
  }

  /** The web server behind a pod. Throws when there is none. */
  web(pod: string): PodServer {
    return found(this.#web, pod);
  }

  /** The mail server behind a pod. Throws when there is none. */
  smtp(pod: string): PodServer {
    return found(this.#smtp, pod);
  }

  /**
   * Starts what a pod stands for, by its labels: `app: postgres` a database, `vm: …` a web and a mail server,
   * `app: web` a web server alone. Nothing for other pods.
   */
  async run(pod: Pod, placement: PodPlacement): Promise<PodProgram | undefined> {
    const labels = pod.metadata.labels ?? {};
    if (labels['app'] === 'postgres') return this.#runDatabase(pod, placement);
    if (labels['vm'] !== undefined) return this.#runServers(pod, placement, ['web', 'smtp']);
    return labels['app'] === 'web' ? this.#runServers(pod, placement, ['web']) : undefined;
  }

  async #runDatabase(pod: Pod, { node, addresses }: PodPlacement): Promise<PodProgram> {
    const { name } = pod.metadata;
    const [address] = addresses;
    await this.databases.join({ name, address, ...(node.netns !== undefined && { netns: node.netns }) });
    return { stop: () => this.databases.stopMember(name, 'kill') };
  }

  async #runServers(
    pod: Pod,
    { node, addresses }: PodPlacement,
    kinds: readonly ('web' | 'smtp')[],
  ): Promise<PodProgram> {
    const { name } = pod.metadata;
    const place = { name, address: addresses[0], ...(node.netns !== undefined && { netns: node.netns }) };
    const servers = kinds.map((kind) => {
      const isWeb = kind === 'web';
      const spec = { ...place, port: isWeb ? HTTP_PORT : SMTP_PORT };
      const server = new PodServer(this.#host, isWeb ? 'http-server' : 'smtp-server', spec);
      (isWeb ? this.#web : this.#smtp).set(name, server);
      return server;
    });
    await Promise.all(servers.map((server) => server.start()));
    return {
      async stop() {
        await Promise.all(servers.map((server) => server.kill()));
      },
    };
  }
}

function found(servers: ReadonlyMap<string, PodServer>, pod: string): PodServer {
  const server = servers.get(pod);
  if (server === undefined) throw new Error(`no such server runs behind pod ${pod}`);
  return server;
}
