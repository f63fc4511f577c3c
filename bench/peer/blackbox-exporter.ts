import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import type { ManagedProcess } from '../../dev/process/managed-process.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { GiveUpError, waitFor } from '../../dev/process/wait-for.ts';

export interface BlackboxSpec {
  /** Of the process and its files. */
  readonly name: string;
  /** Where it runs, and the address there on which it is asked. */
  readonly netns: string;
  readonly address: string;
  /** `tcp`: connect. `http`: a GET of the path that must be answered with 200. */
  readonly kind: 'tcp' | { readonly httpPath: string };
  readonly targets: readonly { readonly address: string; readonly port: number }[];
}

const PORT = 9115;
/** Scrapes at a time. */
const LANES = 16;

const MODULES = `modules:
  http:
    prober: http
    timeout: 2s
    http:
      valid_status_codes: [200]
      preferred_ip_protocol: ip4
  tcp:
    prober: tcp
    timeout: 2s
    tcp:
      preferred_ip_protocol: ip4
`;

/**
 * blackbox_exporter, which checks a target when it is asked to: sixteen kept connections ask about one target after
 * the other, as fast as it answers.
 */
export class BlackboxExporter {
  readonly process: ManagedProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: LANES });
  readonly #lanes: Promise<void>;
  #isStopping = false;

  private constructor(process: ManagedProcess, spec: BlackboxSpec) {
    this.process = process;
    const urls = spec.targets.map((target) => urlOf(spec, target));
    this.#lanes = Promise.all(Array.from({ length: LANES }, (_, lane) => this.#ask(urls, lane))).then(
      () => undefined,
    );
  }

  /** Starts it and the questions. */
  static async start(host: ProcessHost, spec: BlackboxSpec): Promise<BlackboxExporter> {
    const config = join(host.directory(spec.name), 'blackbox.yml');
    writeFileSync(config, MODULES);
    const args = [`--config.file=${config}`, `--web.listen-address=${spec.address}:${PORT}`];
    const process = await host.start({
      ...{ name: spec.name, command: 'prometheus-blackbox-exporter', netns: spec.netns, disposable: true },
      args: [...args, '--history.limit=1', '--log.level=error'],
    });
    await waitFor(`${spec.name} to start`, async () => {
      if (!process.isRunning()) throw new GiveUpError(`${spec.name} has ended:\n${process.logTail(10)}`);
      return (await fetch(`http://${spec.address}:${PORT}/-/healthy`)).ok ? true : undefined;
    });
    return new BlackboxExporter(process, spec);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#lanes;
    this.#agent.destroy();
    await this.process.stop('SIGKILL');
  }

  async #ask(urls: readonly string[], lane: number): Promise<void> {
    for (let index = lane; !this.#isStopping; index += LANES) {
      const request = get(urls[index % urls.length] ?? '', { agent: this.#agent });
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
    }
  }
}

function urlOf(
  { address: own, kind }: BlackboxSpec,
  { address, port }: { address: string; port: number },
): string {
  const target = kind === 'tcp' ? `${address}:${port}` : `http://${address}:${port}${kind.httpPath}`;
  const module = kind === 'tcp' ? 'tcp' : 'http';
  return `http://${own}:${PORT}/probe?module=${module}&target=${encodeURIComponent(target)}`;
}
