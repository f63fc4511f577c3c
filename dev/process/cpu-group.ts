import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessHost } from './process-host.ts';

/** How often a group was held back, as the kernel counts since the group was made. */
export interface Throttling {
  /** Periods of 100 ms in which the group had used up its share. */
  readonly periods: number;
}

/** A control group whose programs share so much processor time. Goes with its `ProcessHost`. */
export interface CpuGroup {
  /** Takes a process with all its threads in. */
  add(pid: number): void;
  /** In percent of one core; undefined: as much as there is. */
  limit(percent: number | undefined): void;
  throttling(): Throttling;
}

/** A group, or why this machine has none. */
export type CpuGroupResult =
  | { readonly kind: 'made'; readonly group: CpuGroup }
  | { readonly kind: 'unavailable'; readonly reason: string };

const ROOT = '/sys/fs/cgroup';
const PERIOD_US = 100_000;

/** What differs between the two versions of control groups. */
interface Version {
  readonly parent: string;
  readonly write: (path: string, quotaUs: number | undefined) => void;
}

const VERSION_1: Version = {
  parent: `${ROOT}/cpu`,
  write(path, quotaUs) {
    writeFileSync(join(path, 'cpu.cfs_period_us'), String(PERIOD_US));
    writeFileSync(join(path, 'cpu.cfs_quota_us'), String(quotaUs ?? -1));
  },
};

const VERSION_2: Version = {
  parent: ROOT,
  write(path, quotaUs) {
    writeFileSync(join(path, 'cpu.max'), `${quotaUs ?? 'max'} ${PERIOD_US}`);
  },
};

/** Makes a group without a limit. Needs root, and a machine on which the controller `cpu` may be used. */
export function makeCpuGroup(host: ProcessHost, name: string): CpuGroupResult {
  try {
    const { parent, write } = usableVersion();
    const path = join(parent, `swh-${host.run.id}-${name}`);
    host.record({ kind: 'cgroup', path });
    mkdirSync(path);
    write(path, undefined);
    return { kind: 'made', group: groupAt(path, write) };
  } catch (error) {
    return { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) };
  }
}

function groupAt(path: string, write: Version['write']): CpuGroup {
  return {
    add: (pid) => writeFileSync(join(path, 'cgroup.procs'), String(pid)),
    limit: (percent) => write(path, percent === undefined ? undefined : (percent / 100) * PERIOD_US),
    throttling() {
      const stat = readFileSync(join(path, 'cpu.stat'), 'utf8');
      const periods = /^nr_throttled (\d+)$/m.exec(stat)?.[1];
      if (periods === undefined) throw new Error(`no nr_throttled in ${path}/cpu.stat`);
      return { periods: Number(periods) };
    },
  };
}

/** Throws when there is none. */
function usableVersion(): Version {
  if (existsSync(join(VERSION_1.parent, 'cpu.cfs_quota_us'))) return writable(VERSION_1);
  const controllers = join(ROOT, 'cgroup.controllers');
  if (!existsSync(controllers)) throw new Error(`no control groups are mounted at ${ROOT}`);
  if (!readFileSync(controllers, 'utf8').split(/\s/).includes('cpu')) {
    throw new Error('the control groups of this machine have no controller cpu');
  }
  const delegated = join(ROOT, 'cgroup.subtree_control');
  // Refused where this is the group of a container that has processes in it.
  if (!readFileSync(delegated, 'utf8').split(/\s/).includes('cpu')) writeFileSync(delegated, '+cpu');
  return writable(VERSION_2);
}

function writable(version: Version): Version {
  accessSync(version.parent, constants.W_OK);
  return version;
}
