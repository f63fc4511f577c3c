import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DIST, PROGRAMS, ROOT } from '../build/layout.ts';

/** Builds the product's programs when they are missing or older than their sources. Throws when that fails. */
export async function ensureProductBuilt(): Promise<void> {
  const built = Math.min(
    ...PROGRAMS.flatMap((name) => [`${DIST}/app/${name}.cjs`, `${DIST}/bin/${name}`]).map(timeOf),
  );
  const sources = globSync(['{lib,images,hooks}/**/*.{ts,go}', 'crds/*.yaml', 'package-lock.json'], {
    cwd: ROOT,
  });
  const changed = Math.max(...sources.map((file) => timeOf(join(ROOT, file))));
  if (built > changed) return;
  const build = spawn('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = await once(build, 'exit');
  if (code !== 0) throw new Error(`npm run build failed with exit status ${code}`);
}

/** When the file was last written; 0 when it is missing. */
function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
