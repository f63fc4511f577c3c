import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { unlockFile } from './lock-file.ts';
import { identityOf, isAlive, type ProcessIdentity, signalProcess } from './process-identity.ts';
import { netnsFilesRoot, type RunRecordEntry, readRunRecord, runMarker } from './run-record.ts';

const run = promisify(execFile);

/**
 * Removes everything that the record of a run names: processes, network namespaces, links, paths, locks and
 * at last the run directory itself. May be repeated. Never touches a process that merely got a recorded pid.
 */
export async function cleanUpRun(runDirectory: string): Promise<void> {
  const entries = readRunRecord(runDirectory);
  await killAll(() => [...recordedProcesses(entries), ...markedProcesses(runIdOf(runDirectory))]);
  for (const entry of entries.toReversed()) await remove(entry);
  rmSync(runDirectory, { recursive: true, force: true });
}

async function remove(entry: RunRecordEntry): Promise<void> {
  switch (entry.kind) {
    case 'process':
      return;
    case 'netns':
      return removeNetns(entry.name);
    case 'link':
      return ip(['link', 'delete', entry.name]);
    case 'cgroup':
      return removeCgroup(entry.path);
    case 'netns-files':
      return removeNetnsFiles(entry.netns);
    case 'lock':
      return unlockFile(entry.path, entry.owner);
  }
}

/** A namespace lives on while a process is in it, so those go first (PostgreSQL hides the run's mark). */
async function removeNetns(name: string): Promise<void> {
  const { stdout } = await run('ip', ['netns', 'pids', name]).catch(() => ({ stdout: '' }));
  const members = stdout.split('\n').flatMap((line) => identityOf(Number(line.trim() || '-1')) ?? []);
  await killAll(() => members);
  await ip(['netns', 'delete', name]);
}

/** A group lives on while a process is in it: those of the run go first, and the kernel takes a moment to forget them. */
async function removeCgroup(path: string): Promise<void> {
  const end = performance.now() + 5_000;
  while (existsSync(path) && performance.now() < end) {
    try {
      rmdirSync(path);
    } catch {
      await killAll(() => membersOf(path));
      await sleep(20);
    }
  }
}

function membersOf(cgroup: string): readonly ProcessIdentity[] {
  const pids = readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n');
  return pids.flatMap((pid) => identityOf(Number(pid || '-1')) ?? []);
}

/** The directory that holds them all goes with the last. */
function removeNetnsFiles(netns: string): void {
  rmSync(join(netnsFilesRoot, netns), { recursive: true, force: true });
  try {
    rmdirSync(netnsFilesRoot);
  } catch {
    // Other runs have files there.
  }
}

/** Kills what `find` returns, again and again until it returns nothing alive; gives up after 5 s. */
async function killAll(find: () => readonly ProcessIdentity[]): Promise<void> {
  const end = performance.now() + 5_000;
  while (performance.now() < end) {
    const alive = find().filter((identity) => identity.pid !== process.pid && isAlive(identity));
    if (alive.length === 0) return;
    for (const identity of alive) signalProcess(identity, 'SIGKILL');
    await sleep(20);
  }
}

function recordedProcesses(entries: readonly RunRecordEntry[]): readonly ProcessIdentity[] {
  return entries.filter((entry) => entry.kind === 'process');
}

/** Covers the moment between starting a process and recording it, and the children of programs. */
function markedProcesses(runId: string): readonly ProcessIdentity[] {
  const mark = `${runMarker}=${runId}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(mark))
    .flatMap((name) => identityOf(Number(name)) ?? []);
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Already gone is as good as removed. */
async function ip(args: readonly string[]): Promise<void> {
  await run('ip', [...args]).catch(() => undefined);
}

function runIdOf(runDirectory: string): string {
  return basename(runDirectory).replace(/^swh-/, '');
}
