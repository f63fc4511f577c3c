import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { cleanUpRun } from './clean-up.ts';
import { ManagedProcess } from './managed-process.ts';
import { identityOf } from './process-identity.ts';
import { type Reaper, startReaper } from './reaper.ts';
import { createRunDirectory, type RunDirectory } from './run-directory.ts';
import { appendRunRecord, type RunRecordEntry, runMarker } from './run-record.ts';

/** One program to start. */
export interface ProcessSpec {
  /** Names the log file: `<run directory>/log/<name>.log`; a second start of the name appends to it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to a small base environment (PATH, HOME, LANG, TMPDIR); nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Name of the network namespace to run in. Needs root. */
  readonly netns?: string;
  /** User and group to run as. Need root. */
  readonly uid?: number;
  readonly gid?: number;
  /** Whether it may be killed at the run's end, without being asked to stop: its data end with the run. */
  readonly disposable?: boolean;
}

/** Starts the programs of one run, and leaves nothing behind: not even when this process is killed. */
export class ProcessHost {
  readonly run: RunDirectory;
  readonly #reaper: Reaper;
  readonly #processes: { readonly managed: ManagedProcess; readonly disposable: boolean }[] = [];
  #closing: Promise<void> | undefined;

  private constructor(run: RunDirectory, reaper: Reaper) {
    this.run = run;
    this.#reaper = reaper;
  }

  /** Makes the run directory and starts its reaper. */
  static open(): ProcessHost {
    const run = createRunDirectory();
    mkdirSync(join(run.path, 'log'), { mode: 0o711 });
    return new ProcessHost(run, startReaper(run.path));
  }

  /** Notes a thing that must be removed with the run. Call it before making the thing. */
  record(entry: RunRecordEntry): void {
    appendRunRecord(this.run.path, entry);
  }

  /** A new directory in the run directory, entered by others only when `mode` says so. */
  directory(name: string, mode = 0o700): string {
    const path = join(this.run.path, name);
    mkdirSync(path, { recursive: true, mode });
    return path;
  }

  /** Starts a program; rejects when it cannot be executed at all. The pid is the program's own. */
  async start(spec: ProcessSpec): Promise<ManagedProcess> {
    if (this.#closing !== undefined) throw new Error(`start ${spec.name}: the run is being stopped`);
    const logFile = join(this.run.path, 'log', `${spec.name}.log`);
    const log = openSync(logFile, 'a');
    const [command, ...args] = commandLine(spec);
    // Its own process group: Ctrl-C in a terminal reaches this process only, which then stops in order.
    const child = spawn(command, args, {
      cwd: spec.cwd ?? this.run.path,
      detached: true,
      env: { ...baseEnvironment(), ...spec.env, [runMarker]: this.run.id },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const { pid } = child;
    if (pid === undefined) {
      const [error] = await once(child, 'error');
      throw new Error(`start ${spec.name}: cannot execute ${command}`, { cause: error });
    }
    const startTime = identityOf(pid)?.startTime;
    if (startTime !== undefined) this.record({ kind: 'process', name: spec.name, pid, startTime });
    const managed = new ManagedProcess(spec.name, Object.assign(child, { pid }), logFile);
    this.#processes.push({ managed, disposable: spec.disposable === true });
    return managed;
  }

  /** Whether the run is being stopped: what ends from here on was asked to. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Stops every program, the youngest first, and removes all that was recorded. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const { managed, disposable } of this.#processes.toReversed()) {
      await managed.stop(disposable ? 'SIGKILL' : 'SIGTERM');
    }
    await cleanUpRun(this.run.path);
    await this.#reaper.release();
  }
}

/** `ip netns exec` and `setpriv` replace themselves by the program, so the pid stays the same. */
export function commandLine(spec: ProcessSpec): readonly [string, ...string[]] {
  const inNetns = spec.netns === undefined ? [] : ['ip', 'netns', 'exec', spec.netns];
  const asUser =
    spec.uid === undefined && spec.gid === undefined
      ? []
      : ['setpriv', ...idFlags(spec), '--clear-groups', '--'];
  const [first, ...rest] = [...inNetns, ...asUser, spec.command, ...spec.args];
  return [first ?? spec.command, ...rest];
}

function idFlags({ uid, gid }: ProcessSpec): readonly string[] {
  return [
    ...(uid === undefined ? [] : ['--reuid', String(uid)]),
    ...(gid === undefined ? [] : ['--regid', String(gid)]),
  ];
}

function baseEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ'];
  return Object.fromEntries(names.flatMap((name) => entryOf(name)));
}

function entryOf(name: string): readonly (readonly [string, string])[] {
  const value = process.env[name];
  return value === undefined ? [] : [[name, value]];
}
