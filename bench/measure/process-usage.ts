import { readFile } from 'node:fs/promises';

/** What a process has used so far and holds at present. */
export interface ProcessUsage {
  /** User and system time of all its threads, in seconds. */
  readonly cpuSeconds: number;
  /** That of its children that have ended and been waited for, and of theirs. */
  readonly childCpuSeconds: number;
  /** Anonymous memory, in kB: what the process itself needs. */
  readonly anonymousKb: number;
  /** All resident memory, in kB, with the pages of files that it shares with others. */
  readonly residentKb: number;
  /** Wall time of the reading, in seconds, monotonic. */
  readonly atSeconds: number;
}

/** Linux reports CPU time in hundredths of a second on every architecture that we build for. */
const TICKS_PER_SECOND = 100;

/** Reads /proc; throws when there is no such process. */
export async function usageOf(pid: number): Promise<ProcessUsage> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  // Fields are counted after the command name, which may itself hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    childCpuSeconds: (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND,
    anonymousKb: kilobytes(status, 'RssAnon'),
    residentKb: kilobytes(status, 'VmRSS'),
    atSeconds: performance.now() / 1000,
  };
}

/** Share of one core that the process used between two readings, in percent. */
export function corePercent(from: ProcessUsage, to: ProcessUsage): number {
  return (100 * (to.cpuSeconds - from.cpuSeconds)) / (to.atSeconds - from.atSeconds);
}

function kilobytes(status: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status);
  if (match === null) throw new Error(`no ${name} in the status of the process`);
  return Number(match[1]);
}
