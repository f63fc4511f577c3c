import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ManagedProcess } from '../process/managed-process.ts';
import type { ProcessHost } from '../process/process-host.ts';

const PROGRAM = fileURLToPath(new URL('wall-clock-main.ts', import.meta.url));

/** The wall clock of one Node program, which may be stepped while that of the machine goes on: see wall-clock-main.ts. */
export class SteppedClock {
  readonly #file: string;

  constructor(host: ProcessHost, name: string) {
    this.#file = join(host.directory('clocks'), name);
    writeFileSync(this.#file, '0');
  }

  /** What the program must be started with. */
  get preload(): { readonly module: string; readonly env: Readonly<Record<string, string>> } {
    return { module: PROGRAM, env: { SWH_CLOCK_HOURS: this.#file } };
  }

  /** Sets the program's clock so many hours ahead of the machine's, or back. */
  step(program: ManagedProcess, hours: number): void {
    writeFileSync(this.#file, String(hours));
    program.kill('SIGUSR2');
  }
}
