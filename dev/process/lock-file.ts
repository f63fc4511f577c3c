import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { identityOf, isAlive } from './process-identity.ts';

/**
 * Takes a lock that lives no longer than this process: a file that names its owner. Returns the owner's mark
 * for `unlockFile`, or `undefined` when another live process holds it. A lock of a dead process is taken over.
 */
export function tryLockFile(path: string): string | undefined {
  const owner = ownerMark();
  if (tryCreate(path, owner)) return owner;
  if (isHeld(path)) return undefined;
  rmSync(path, { force: true });
  return tryCreate(path, owner) ? owner : undefined;
}

/** Gives the lock back; leaves it alone when it is not the owner's. */
export function unlockFile(path: string, owner: string): void {
  if (readOwner(path) === owner) rmSync(path, { force: true });
}

function tryCreate(path: string, owner: string): boolean {
  try {
    writeFileSync(path, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    // Errors of node:fs carry the code of the system call.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isHeld(path: string): boolean {
  const [pid, startTime] = (readOwner(path) ?? '').split(' ');
  if (pid === undefined || startTime === undefined) return false;
  return isAlive({ pid: Number(pid), startTime });
}

function ownerMark(): string {
  return `${process.pid} ${identityOf(process.pid)?.startTime ?? '0'}`;
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
