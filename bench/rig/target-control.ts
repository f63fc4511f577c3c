import { fileURLToPath } from 'node:url';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { waitFor } from '../../dev/process/wait-for.ts';

const CONTROL_PORT = 9000;

export type TargetCommand = 'open' | 'close' | 'fail' | 'heal' | 'first-failure';

/** Steers the server behind the pods of one node: see target-server.ts. */
export class TargetControl {
  readonly #address: string;

  private constructor(address: string) {
    this.#address = address;
  }

  /** Starts the server in the node's namespace and waits until it answers. */
  static async start(
    host: ProcessHost,
    node: { readonly netns: string; readonly address: string },
  ): Promise<TargetControl> {
    const program = fileURLToPath(new URL('target-server.ts', import.meta.url));
    const control = new TargetControl(`${node.address}:${CONTROL_PORT}`);
    const args = [program, '--control', control.#address];
    await host.start({ name: 'targets', command: process.execPath, args, netns: node.netns });
    await waitFor('the target server to answer', () => control.send('heal'));
    return control;
  }

  /** When the command took effect, epoch in milliseconds; undefined when the server has nothing to say. */
  async send(command: TargetCommand): Promise<number | undefined> {
    const response = await fetch(`http://${this.#address}/${command}`);
    // The server answers in this form.
    return ((await response.json()) as { readonly atMs?: number }).atMs;
  }
}
