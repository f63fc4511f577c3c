import { fileURLToPath } from 'node:url';
import type { ManagedProcess } from '../../dev/process/managed-process.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { waitFor } from '../../dev/process/wait-for.ts';

export type TargetCommand = 'open' | 'close' | 'hang-up' | 'listening' | 'fail' | 'heal' | 'first-failure';

/** Where a target server runs and what it listens on. */
export interface TargetPlace {
  readonly node: { readonly netns: string; readonly address: string };
  /** Of the process; default `targets`. */
  readonly name?: string;
  /** On all addresses of the node; default 8080. */
  readonly port?: number;
  /** On the node's own address; default 9000. */
  readonly controlPort?: number;
}

/** Steers the server behind the pods of one node: see target-server.ts. */
export class TargetControl {
  readonly process: ManagedProcess;
  readonly #address: string;

  private constructor(process: ManagedProcess, address: string) {
    this.process = process;
    this.#address = address;
  }

  /** Starts the server in the node's namespace and waits until its port is open. */
  static async start(host: ProcessHost, place: TargetPlace): Promise<TargetControl> {
    const { node, name = 'targets', port = 8080, controlPort = 9000 } = place;
    const program = fileURLToPath(new URL('target-server.ts', import.meta.url));
    const address = `${node.address}:${controlPort}`;
    const args = [program, '--control', address, '--port', String(port)];
    const process = await host.start({
      ...{ name, command: globalThis.process.execPath, args, netns: node.netns, disposable: true },
    });
    const control = new TargetControl(process, address);
    await waitFor(`${name} to listen`, () => control.send('listening'));
    return control;
  }

  /** When the command took effect, epoch in milliseconds; undefined when the server has nothing to say. */
  async send(command: TargetCommand): Promise<number | undefined> {
    const response = await fetch(`http://${this.#address}/${command}`);
    // The server answers in this form.
    return ((await response.json()) as { readonly atMs?: number }).atMs;
  }
}
