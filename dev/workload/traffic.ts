import { closeSync, openSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { waitFor } from '../process/wait-for.ts';
import { POSTGRESQL_PASSWORD } from './postgresql-server.ts';
import { parseSample, type TrafficSample, type TrafficStream } from './traffic-sample.ts';

const CLIENT = fileURLToPath(new URL('./traffic-client.ts', import.meta.url));

export interface TrafficOptions {
  /** Names the client's process; unique in the run. */
  readonly name: string;
  /** Network namespace of the clients; absent: the one of this process. */
  readonly netns?: string;
  readonly streams: readonly TrafficStream[];
  /** Called for each sample as it is read, in order. */
  readonly onSample?: (sample: TrafficSample) => void;
}

/** Running clients and what they have found. */
export class Traffic {
  readonly #client: ManagedProcess;
  readonly #onSample: (sample: TrafficSample) => void;
  readonly #log: number;
  readonly #timer: NodeJS.Timeout;
  readonly #samples: TrafficSample[] = [];
  #rest = '';
  #hasEnded = false;

  private constructor(client: ManagedProcess, onSample: (sample: TrafficSample) => void) {
    this.#client = client;
    this.#onSample = onSample;
    this.#log = openSync(client.logFile, 'r');
    this.#timer = setInterval(() => this.#read(), 50);
  }

  /** Starts the clients of all streams in one process. */
  static async start(host: ProcessHost, options: TrafficOptions): Promise<Traffic> {
    const client = await host.start({
      name: options.name,
      command: process.execPath,
      args: [CLIENT, JSON.stringify(options.streams)],
      env: { PGPASSWORD: POSTGRESQL_PASSWORD },
      ...(options.netns === undefined ? {} : { netns: options.netns }),
    });
    return new Traffic(client, options.onSample ?? (() => {}));
  }

  /** Samples of a stream whose request began at or after `sinceMs`, in the order in which they ended. */
  samples(stream: string, sinceMs = 0): readonly TrafficSample[] {
    this.#read();
    return this.#samples.filter((sample) => sample.stream === stream && sample.startedAtMs >= sinceMs);
  }

  /** Waits for a sample of the stream that began at or after `sinceMs` and holds; returns the first. */
  async waitForSample(
    stream: string,
    sinceMs: number,
    holds: (sample: TrafficSample) => boolean,
    deadlineMs: number,
  ): Promise<TrafficSample> {
    return waitFor(`a sample of ${stream}`, async () => this.samples(stream, sinceMs).find(holds), {
      deadlineMs,
      intervalMs: 20,
    });
  }

  /** Resolves when every stream has made its count of requests. */
  async ended(): Promise<void> {
    await this.#client.exited;
    this.#finish();
  }

  /** Begins no further request and waits for the last answers; samples stay readable. */
  async finish(): Promise<void> {
    this.#client.kill('SIGINT');
    await this.ended();
  }

  /** Stops the clients; samples stay readable. */
  async stop(): Promise<void> {
    if (this.#hasEnded) {
      return;
    }
    await this.#client.stop();
    this.#finish();
  }

  #finish(): void {
    this.#read();
    clearInterval(this.#timer);
    closeSync(this.#log);
    this.#hasEnded = true;
  }

  #read(): void {
    if (this.#hasEnded) {
      return;
    }
    const chunk = Buffer.alloc(64 * 1024);
    for (let length = readSync(this.#log, chunk); length > 0; length = readSync(this.#log, chunk)) {
      const lines = (this.#rest + chunk.toString('utf8', 0, length)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const sample of lines.flatMap((line) => parseSample(line) ?? [])) {
        this.#samples.push(sample);
        this.#onSample(sample);
      }
    }
  }
}
