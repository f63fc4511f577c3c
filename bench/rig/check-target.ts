import { readFile } from 'node:fs/promises';
import type { ManagedProcess } from '../../dev/process/managed-process.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { providePrograms } from '../../dev/toolchain/toolchain.ts';

const CONTROL_PORT = 9000;

/** The first port that the target answers on. */
export const FIRST_TARGET_PORT = 8000;

/** What has arrived at the target. */
export interface CheckCounts extends Answered {
  /**
   * Connections that programs on the node have begun, by its kernel. Those of HAProxy's TCP checks are counted nowhere
   * else: it answers the SYN-ACK with a reset, so that nobody ever accepts them.
   */
  readonly opens: number;
}

interface Answered {
  /** Accepted. */
  readonly connections: number;
  /** HTTP requests. */
  readonly requests: number;
}

/** One program that answers checks on all addresses of a node, and counts them: dev/go/check-target. */
export class CheckTarget {
  readonly #control: string;
  readonly #process: ManagedProcess;

  private constructor(control: string, process: ManagedProcess) {
    this.#control = control;
    this.#process = process;
  }

  /** Starts it in the node's namespace on so many ports from `FIRST_TARGET_PORT` on, and waits until it answers. */
  static async start(
    host: ProcessHost,
    { netns, address }: { readonly netns: string; readonly address: string },
    ports: number,
  ): Promise<CheckTarget> {
    const { 'check-target': command } = await providePrograms(['check-target']);
    const control = `${address}:${CONTROL_PORT}`;
    const args = ['-control', control, '-first-port', String(FIRST_TARGET_PORT), '-ports', String(ports)];
    const process = await host.start({ name: 'check-target', command, args, netns, disposable: true });
    const target = new CheckTarget(control, process);
    await waitFor('the target of the checks to answer', () => target.counts());
    return target;
  }

  async counts(): Promise<CheckCounts> {
    const response = await fetch(`http://${this.#control}/counts`);
    // Our own program answers in this form.
    const answered = (await response.json()) as Answered;
    return { ...answered, opens: activeOpens(await readFile(`/proc/${this.#process.pid}/net/snmp`, 'utf8')) };
  }
}

/** Of the two lines that begin with `Tcp:`, the first has the names and the second the values. */
function activeOpens(snmp: string): number {
  const [names = [], values = []] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('ActiveOpens')]);
}
