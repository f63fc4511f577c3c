import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { DIST, ROOT } from './layout.ts';

const run = promisify(execFile);

/** Where the stripped Node and the libraries lie, in `dist` and in the images alike. */
export const RUNTIME = `${DIST}/runtime`;

/**
 * Puts the pinned Node, stripped of symbols (a fifth of its size), and every library that it loads, with the
 * loader itself, into `dist/runtime`. Skipped when that folder already holds this version of Node.
 */
export async function buildRuntime(): Promise<void> {
  const node = await realpath(`${ROOT}/node_modules/node/bin/node`);
  const { stdout } = await run(node, ['--version']);
  const stamp = `${RUNTIME}/version`;
  if ((await readFile(stamp, 'utf8').catch(() => '')) === stdout) return;
  await rm(RUNTIME, { recursive: true, force: true });
  await mkdir(`${RUNTIME}/lib`, { recursive: true });
  await run('strip', ['-o', `${RUNTIME}/node`, node]);
  const libraries = await librariesOf(node);
  for (const library of libraries) {
    const name = basename(library);
    await copyFile(await realpath(library), `${RUNTIME}/lib/${name.startsWith('ld-') ? 'ld.so' : name}`);
  }
  await writeFile(stamp, stdout);
}

/** Paths of the shared libraries and the loader, as the machine's own loader resolves them. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(?:=>\s+)?(\/\S+)\s+\(0x/g)].flatMap((match) => match[1] ?? []);
}
