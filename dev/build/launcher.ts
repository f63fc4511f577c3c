import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { DIST, PROGRAMS, ROOT } from './layout.ts';

const run = promisify(execFile);

/** Builds the static launcher and installs it in `FOLDER/bin`, once per program; returns its path. */
export async function buildLauncher(folder: string): Promise<string> {
  const launcher = `${DIST}/runtime/launcher`;
  await run('go', ['build', '-trimpath', '-ldflags', '-s -w -buildid=', '-o', launcher, '.'], {
    cwd: `${ROOT}/images/runtime/launcher`,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' },
  });
  await mkdir(`${folder}/bin`, { recursive: true });
  for (const name of PROGRAMS) await copyFile(launcher, `${folder}/bin/${name}`);
  return launcher;
}
