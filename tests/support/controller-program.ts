import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { waitFor } from '../../dev/process/wait-for.ts';

const MAIN = new URL('../../images/controller/src/main.ts', import.meta.url).pathname;

/** A record of the program's log. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** The controller as a process of its own, run from its sources. */
export class ControllerProgram {
  readonly log: LogRecord[] = [];
  readonly #process: ChildProcess;
  #stderr = '';

  constructor(kubeconfig: string, flags: readonly string[] = []) {
    const places = ['--health-address', '127.0.0.1:0', '--metrics-address', '127.0.0.1:0'];
    this.#process = spawn(process.execPath, [MAIN, '--kubeconfig', kubeconfig, ...places, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) throw new Error('the controller has no output');
    createInterface({ input: stdout }).on('line', (line) => this.log.push(JSON.parse(line)));
    stderr.on('data', (chunk) => {
      this.#stderr += String(chunk);
    });
  }

  /** The first record with the message; waits for it. */
  recordOf(msg: string): Promise<LogRecord> {
    return waitFor(`the controller to log "${msg}"; ${this.#stderr}`, async () =>
      this.log.find((record) => record['msg'] === msg),
    );
  }

  /** Answer of one of its servers: `metrics` or `health`. */
  async fetch(server: 'metrics' | 'health', path: string): Promise<Response> {
    const { [server]: address } = await this.recordOf('started');
    return fetch(`http://${String(address)}${path}`);
  }

  /** What it has written to its standard error. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Waits for its end; returns its exit code. */
  async exited(): Promise<number | null> {
    const hasEnded = this.#process.exitCode !== null || this.#process.signalCode !== null;
    if (!hasEnded) await once(this.#process, 'exit');
    return this.#process.exitCode;
  }

  /** Ends it as a rollout does; returns its exit code. */
  terminate(): Promise<number | null> {
    this.#process.kill('SIGTERM');
    return this.exited();
  }
}
