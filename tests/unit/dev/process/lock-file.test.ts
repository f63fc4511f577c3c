import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tryLockFile, unlockFile } from '../../../../dev/process/lock-file.ts';
import { identityOf, isAlive } from '../../../../dev/process/process-identity.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-test-'));
  path = join(directory, 'lock');
});

afterEach(() => rmSync(directory, { recursive: true }));

test('a lock is held by one at a time, and free again after it was given back', () => {
  const owner = tryLockFile(path);
  expect(owner).toBeDefined();
  expect(tryLockFile(path)).toBeUndefined();
  unlockFile(path, owner ?? '');
  expect(tryLockFile(path)).toBeDefined();
});

test.each([
  { name: 'of a process that is gone', owner: '4194305 12' },
  { name: 'whose pid belongs to another process by now', owner: `${process.pid} 1` },
  { name: 'that was cut off while being written', owner: '' },
])('a lock $name is taken over', ({ owner }) => {
  writeFileSync(path, owner);
  expect(tryLockFile(path)).toBeDefined();
});

test("another's lock is not given back", () => {
  tryLockFile(path);
  unlockFile(path, '1 1');
  expect(existsSync(path)).toBe(true);
});

test('an identity stands for one process only', () => {
  const self = identityOf(process.pid);
  expect(self && isAlive(self)).toBe(true);
  expect(isAlive({ pid: process.pid, startTime: '1' })).toBe(false);
  expect(identityOf(4_194_305)).toBeUndefined();
});
