import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tryLockFile, unlockFile } from '../process/lock-file.ts';
import { waitFor } from '../process/wait-for.ts';
import { cacheKey } from './cache-key.ts';
import { buildFlags, type ProgramName, pinnedVersion, recipes } from './programs.ts';

const run = promisify(execFile);

/** Where the programs come from; all have defaults. */
export interface ToolchainOptions {
  /** Called with a line a person may read while waiting. Default: standard error. */
  readonly progress?: (line: string) => void;
  readonly env?: Environment;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Absolute paths of programs that are ready to run. */
export type Programs<Name extends ProgramName> = Readonly<Record<Name, string>>;

/**
 * Gives the paths of the named programs and builds those that are not in the cache. A program that lies in
 * `KUBEBUILDER_ASSETS` is taken from there. Two processes never build the same program at once.
 */
export async function providePrograms<Name extends ProgramName>(
  names: readonly Name[],
  { progress = (line) => console.error(line), env = process.env }: ToolchainOptions = {},
): Promise<Programs<Name>> {
  const found: [Name, string][] = [];
  for (const name of names) found.push([name, await provide(name, env, progress)]);
  // Every name was given its path just above.
  return Object.fromEntries(found) as Record<Name, string>;
}

async function provide(
  name: ProgramName,
  env: Environment,
  progress: (line: string) => void,
): Promise<string> {
  const assets = env['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && isExecutable(join(assets, name))) return join(assets, name);
  const recipe = recipes[name];
  const sources = fileURLToPath(new URL(`../go/${recipe.module}/`, import.meta.url));
  const files = readSources(sources);
  const version = pinnedVersion(files['go.mod'] ?? '', recipe.versionedBy);
  const flags = buildFlags(recipe, version);
  const key = cacheKey({ files, flags, goVersion: await goVersion(env) });
  const directory = join(cacheRoot(env), `${name}-${version}-${key}`);
  const program = join(directory, name);
  if (isExecutable(program)) return program;
  const build = [...flags, '-o', `${program}.part`, recipe.importPath];
  await buildOnce({ label: `${name} ${version}`, directory, program, sources, build, env, progress });
  return program;
}

interface Build {
  readonly label: string;
  readonly directory: string;
  readonly program: string;
  readonly sources: string;
  /** Arguments of `go build`. */
  readonly build: readonly string[];
  readonly env: Environment;
  readonly progress: (line: string) => void;
}

async function buildOnce({ label, directory, program, sources, build, env, progress }: Build): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const lock = join(directory, 'lock');
  const owner = await waitFor(`the other build of ${label} (lock ${lock})`, async () => tryLockFile(lock), {
    deadlineMs: 30 * 60_000,
    intervalMs: 500,
  });
  try {
    if (isExecutable(program)) return;
    rmSync(`${program}.part`, { force: true });
    const start = performance.now();
    const seconds = (): string => `${Math.round((performance.now() - start) / 1000)} s`;
    progress(`building ${label} …`);
    const ticker = setInterval(() => progress(`building ${label} … ${seconds()}`), 15_000);
    try {
      await run('go', ['build', ...build], { cwd: sources, env, maxBuffer: 64 << 20 });
    } catch (error) {
      throw new Error(`build ${label}: \`go build\` failed in ${sources}: ${stderrOf(error)}`, {
        cause: error,
      });
    } finally {
      clearInterval(ticker);
    }
    renameSync(`${program}.part`, program);
    progress(`built ${label} in ${seconds()}`);
  } finally {
    unlockFile(lock, owner);
  }
}

function readSources(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory).filter((name) => /\.go$|^go\.(mod|sum)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
}

async function goVersion(env: Environment): Promise<string> {
  try {
    return (await run('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { env })).stdout.trim();
  } catch (error) {
    throw new Error(
      'the control plane is built with Go, and `go` is not to be found: install Go 1.24 or later (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a directory that holds the programs',
      { cause: error },
    );
  }
}

function cacheRoot(env: Environment): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'service-with-healthchecks');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function stderrOf(error: unknown): string {
  // execFile rejects with an error that carries the program's standard error.
  const { stderr } = error as { stderr?: string };
  return (stderr ?? String(error)).trim().split('\n').slice(-5).join('\n');
}
