import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Lets all threads of a process run before every ordinary one of the machine (SCHED_FIFO), so that only what the process does
 * itself holds it up. Needs root; throws where the kernel refuses.
 */
export async function giveRealTime(pid: number): Promise<void> {
  await run('chrt', ['--all-tasks', '--fifo', '--pid', '1', String(pid)]);
}

const NICENESS = -10;

/** Lets all threads of a process have most of the time that others want too; limits of its control group hold. */
export async function givePrecedence(pid: number): Promise<void> {
  for (const thread of await readdir(`/proc/${pid}/task`)) setPriority(Number(thread), NICENESS);
}
