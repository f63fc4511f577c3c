import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIST } from '../../dev/build/layout.ts';

/** What a program has left behind. */
export interface ProgramResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A root directory that holds parts of the built product and nothing else: no /proc, /dev, libraries or shell. */
export interface EmptyRoot {
  /** Runs a program in it, by its path there. */
  run(
    program: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<ProgramResult>;
  /** Writes a file into it; the path is one in the root. */
  write(path: string, text: string): void;
  read(path: string): string;
  remove(): void;
}

/** An environment that would break every Node and every dynamic program that took it over. */
const HOSTILE = { NODE_OPTIONS: '--no-such-option', LD_PRELOAD: '/no/such/library' };

/** Copies these folders of `dist` into a root of their own. */
export function emptyRoot(parts: readonly string[]): EmptyRoot {
  const root = mkdtempSync(join(tmpdir(), 'swh-chroot-'));
  for (const part of parts) cpSync(join(DIST, part), join(root, part), { recursive: true });
  return {
    run: (program, args, env = {}) =>
      new Promise((resolve) => {
        const given = { PATH: process.env['PATH'], ...HOSTILE, ...env };
        execFile('chroot', [root, program, ...args], { env: given }, (error, stdout, stderr) => {
          const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          // The loader of chroot itself complains about the library that does not exist.
          resolve({ status, stdout, stderr: stderr.replaceAll(/^ERROR: ld\.so.*\n/gm, '') });
        });
      }),
    write: (path, text) => writeFileSync(join(root, path), text),
    read: (path) => readFileSync(join(root, path), 'utf8'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
