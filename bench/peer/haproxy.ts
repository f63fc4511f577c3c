import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ManagedProcess } from '../../dev/process/managed-process.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { GiveUpError, waitFor } from '../../dev/process/wait-for.ts';
import { type HaproxyChecks, haproxyConfig } from './haproxy-config.ts';

/** A server that HAProxy has found up or down, and when we heard of it: epoch in milliseconds. */
export interface HaproxyChange {
  readonly server: string;
  readonly state: 'up' | 'down';
  readonly atMs: number;
  /** The line of its log, with the reason. */
  readonly line: string;
}

export interface HaproxySpec {
  /** Of the process and its files. */
  readonly name: string;
  /** Where it runs; its log comes to `logAddress`, an address of this process that it can reach from there. */
  readonly netns?: string;
  readonly logAddress?: string;
  readonly checks: HaproxyChecks;
}

/** HAProxy with one thread that checks servers and balances nothing; its log is received as it is written. */
export class Haproxy {
  readonly process: ManagedProcess;
  readonly #log: Socket;
  readonly #changes: HaproxyChange[] = [];

  private constructor(process: ManagedProcess, log: Socket) {
    this.process = process;
    this.#log = log;
    log.on('message', (message) => this.#note(message.toString('utf8')));
  }

  /** Starts it and resolves when it runs; throws with its own words when it refuses its configuration. */
  static async start(host: ProcessHost, spec: HaproxySpec): Promise<Haproxy> {
    const log = createSocket('udp4');
    log.bind(0, spec.logAddress ?? '127.0.0.1');
    await once(log, 'listening');
    try {
      return await Haproxy.#launch(host, spec, log);
    } catch (error) {
      log.close();
      throw error;
    }
  }

  static async #launch(host: ProcessHost, spec: HaproxySpec, log: Socket): Promise<Haproxy> {
    const { address, port } = log.address();
    const folder = host.directory(spec.name);
    const [config, cli] = [join(folder, 'haproxy.cfg'), join(folder, 'cli')];
    writeFileSync(config, haproxyConfig(spec.checks, { log: `${address}:${port}`, cli }));
    const process = await host.start({
      ...{ name: spec.name, command: 'haproxy', args: ['-db', '-f', config], disposable: true },
      ...(spec.netns === undefined ? {} : { netns: spec.netns }),
    });
    const haproxy = new Haproxy(process, log);
    await waitFor(`${spec.name} to start`, async () => {
      if (!process.isRunning()) throw new GiveUpError(`${spec.name} has ended:\n${process.logTail(10)}`);
      const connection = connect(cli);
      await once(connection, 'connect').finally(() => connection.destroy());
      return true;
    });
    return haproxy;
  }

  /** Everything it has reported so far, oldest first. */
  get changes(): readonly HaproxyChange[] {
    return this.#changes;
  }

  /** The first change of the server to the state that was heard after `sinceMs`. */
  waitForChange(
    wanted: { readonly server: string; readonly state: 'up' | 'down'; readonly sinceMs: number },
    deadlineMs: number,
  ): Promise<HaproxyChange> {
    const isWanted = ({ server, state, atMs }: HaproxyChange) =>
      server === wanted.server && state === wanted.state && atMs >= wanted.sinceMs;
    return waitFor(
      `HAProxy to find ${wanted.server} ${wanted.state}`,
      async () => this.#changes.findLast(isWanted),
      { deadlineMs, intervalMs: 20 },
    );
  }

  async stop(): Promise<void> {
    await this.process.stop('SIGKILL');
    this.#log.close();
  }

  #note(line: string): void {
    const match = /Server \S+?\/(\S+) is (UP|DOWN)/.exec(line);
    const server = match?.[1];
    if (server === undefined) return;
    const atMs = performance.timeOrigin + performance.now();
    this.#changes.push({ server, state: match?.[2] === 'UP' ? 'up' : 'down', atMs, line: line.trim() });
  }
}
