import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TarEntry } from './tar.ts';

/** Everything below `folder`, to be put below `at`; a folder without files is kept. Refuses links and devices. */
export async function readTree(folder: string, at: string): Promise<readonly TarEntry[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.length === 0) return [{ kind: 'directory', path: at }];
  const parts = entries.map(({ name }) => readEntry(join(folder, name), `${at}/${name}`));
  return (await Promise.all(parts)).flat();
}

/** The file or folder at `path`, to be put at `at`. */
export async function readEntry(path: string, at: string): Promise<readonly TarEntry[]> {
  const status = await lstat(path);
  if (status.isDirectory()) return readTree(path, at);
  if (!status.isFile()) throw new Error(`read ${path}: neither a file nor a folder`);
  const executable = (status.mode & 0o100) !== 0;
  return [{ kind: 'file', path: at, content: await readFile(path), executable }];
}

/** A small text file. */
export function textFile(path: string, text: string): TarEntry {
  return { kind: 'file', path, content: Buffer.from(text), executable: false };
}
