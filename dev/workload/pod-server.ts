import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';

/** A program that serves one port of one pod. */
export interface PodServerSpec {
  /** Also the answer by which clients know the server: the pod's name. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Network namespace of the address; absent: the one of this process. */
  readonly netns?: string;
}

/** A server behind a pod that can be killed and started again. */
export class PodServer {
  readonly #host: ProcessHost;
  readonly #program: 'http-server' | 'smtp-server';
  readonly #spec: PodServerSpec;
  readonly #unhealthyFile: string;
  #process: ManagedProcess | undefined;

  constructor(host: ProcessHost, program: 'http-server' | 'smtp-server', spec: PodServerSpec) {
    this.#host = host;
    this.#program = program;
    this.#spec = spec;
    this.#unhealthyFile = join(host.directory('pod-servers'), `${spec.name}-${spec.port}-unhealthy`);
  }

  /** Starts the program and waits until it listens. */
  async start(): Promise<void> {
    const { name, address, port, netns } = this.#spec;
    const words = ['--name', name, '--address', address, '--port', String(port)];
    const control = this.#program === 'http-server' ? ['--unhealthy-file', this.#unhealthyFile] : [];
    const started = await this.#host.start({
      name: `${this.#program}-${name}-${port}`,
      command: process.execPath,
      args: [fileURLToPath(new URL(`./${this.#program}.ts`, import.meta.url)), ...words, ...control],
      ...(netns === undefined ? {} : { netns }),
    });
    this.#process = started;
    await waitFor(
      `${this.#program} ${name} to listen on ${address}:${port}`,
      async () => (isListening(started) ? true : undefined),
      { deadlineMs: 10_000, intervalMs: 20 },
    );
  }

  /** Ends the program at once, as a crash does. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process?.exited;
  }

  /** Stops the program in its tracks: connections are accepted by the kernel, nothing answers. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  /** Ends `freeze`. */
  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** What `/healthz` of an HTTP server answers from the next request on: 200 or 503. */
  setHealthy(isHealthy: boolean): void {
    if (isHealthy) {
      rmSync(this.#unhealthyFile, { force: true });
    } else {
      writeFileSync(this.#unhealthyFile, '');
    }
  }
}

/** The log of a server that is started again goes on in the same file, so the announcement names the process. */
function isListening(started: ManagedProcess): boolean {
  if (!started.isRunning()) {
    throw new GiveUpError(`${started.name} ended at its start: ${started.logTail()}`);
  }
  return started.logTail(1).endsWith(`as process ${started.pid}`);
}
