import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A detached process that cleans up after a run as soon as the process that started it is gone. */
export interface Reaper {
  /** Ends the reaper's watch; it then finds nothing left to do, or does it. */
  release(): Promise<void>;
}

/**
 * Starts the reaper of a run. It holds the reading end of a pipe from this process: the pipe's end means that
 * this process has ended, however it did.
 */
export function startReaper(runDirectory: string): Reaper {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(programUrl), runDirectory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    // Without the mark of an outer run, whose cleaning would kill this reaper before its work is done.
    env: { PATH: process.env['PATH'] },
  });
  child.unref();
  const gone = once(child, 'exit');
  // An error here means that no reaper runs: the run itself goes on and cleans up in the ordinary way.
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  return {
    async release() {
      if (child.pid === undefined || child.exitCode !== null) return;
      child.ref();
      child.stdin?.end();
      await gone;
    },
  };
}

const programUrl = new URL('./reaper-main.ts', import.meta.url);
