import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How a program ended. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals };

/** A child process with a name and a log file. */
export class ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** Standard output and standard error, in the order in which they were written. */
  readonly logFile: string;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<ExitStatus>;
  readonly #child: ChildProcess;

  /** `child` must have been spawned: it has a pid. */
  constructor(name: string, child: ChildProcess & { readonly pid: number }, logFile: string) {
    this.name = name;
    this.pid = child.pid;
    this.logFile = logFile;
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(exitStatusOf(code, signal)));
    });
  }

  isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal; does nothing when the process has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.isRunning()) this.#child.kill(signal);
  }

  /** Asks to stop with `signal` and kills after `deadlineMs`. Resolves when the process has ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', deadlineMs = 5_000): Promise<ExitStatus> {
    this.kill(signal);
    // A paused process would leave the signal pending.
    this.kill('SIGCONT');
    const timer = setTimeout(() => this.kill('SIGKILL'), deadlineMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The last lines of the log, for error messages. */
  logTail(lines = 5): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}

function exitStatusOf(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  return signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'killed', signal };
}
