import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { type DebianFile, debianOrigin } from './debian-origin.ts';
import { DIST, ROOT } from './layout.ts';
import { LICENCES, runtimeLicences } from './licence-texts.ts';

const run = promisify(execFile);

/** Where the stripped Node and the libraries lie, in `dist` and in the images alike. */
export const RUNTIME = `${DIST}/runtime`;

/** Where the parts of the runtime come from. */
export interface RuntimeOrigin {
  /** As Node says it: `v26.10.0`. */
  readonly node: string;
  /** In the order in which the loader loads them. */
  readonly libraries: readonly DebianFile[];
}

const ORIGIN = `${RUNTIME}/origin.json`;

/**
 * Puts the pinned Node, stripped of symbols (a fifth of its size), and every library that it loads, with the
 * loader itself, into `dist/runtime`, with the licences of all. What is there already is not copied again.
 */
export async function buildRuntime(): Promise<void> {
  const node = await realpath(`${ROOT}/node_modules/node/bin/node`);
  const { stdout } = await run(node, ['--version']);
  const paths = await librariesOf(node);
  const libraries = await Promise.all(
    paths.map(async (path) => debianOrigin(await realpath(path), nameOf(path))),
  );
  const licences = await runtimeLicences(stdout.trim(), libraries);
  const origin = JSON.stringify({ node: stdout.trim(), libraries } satisfies RuntimeOrigin, null, 2);
  const isKept = (await readFile(ORIGIN, 'utf8').catch(() => '')) === origin;
  if (!isKept) await copyRuntime(node, paths);
  await writeFile(`${RUNTIME}/${LICENCES}`, licences);
  // Last: it says that all else is there.
  if (!isKept) await writeFile(ORIGIN, origin);
}

async function copyRuntime(node: string, libraries: readonly string[]): Promise<void> {
  await rm(RUNTIME, { recursive: true, force: true });
  await mkdir(`${RUNTIME}/lib`, { recursive: true });
  await run('strip', ['-o', `${RUNTIME}/node`, node]);
  for (const path of libraries) await copyFile(await realpath(path), `${RUNTIME}/lib/${nameOf(path)}`);
}

/** What the runtime in `dist` is made of. Throws when it was not built. */
export async function runtimeOrigin(): Promise<RuntimeOrigin> {
  // Written by buildRuntime.
  return JSON.parse(await readFile(ORIGIN, 'utf8')) as RuntimeOrigin;
}

/** Name of a library in the runtime: its soname, but the loader's is the same on every architecture. */
function nameOf(library: string): string {
  const name = basename(library);
  return name.startsWith('ld-') ? 'ld.so' : name;
}

/** Paths of the shared libraries and the loader, as the machine's own loader resolves them. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program]);
  return [...stdout.matchAll(/(?:=>\s+)?(\/\S+)\s+\(0x/g)].flatMap((match) => match[1] ?? []);
}
