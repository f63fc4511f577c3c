import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Bundles, licencesOf } from './bundle.ts';
import { HOOK_PROGRAMS, ROOT } from './layout.ts';
import { LICENCES } from './licence-texts.ts';
import { RUNTIME } from './runtime.ts';

const run = promisify(execFile);

/**
 * Makes each hook program a self-contained executable: `hooks/FOLDER/NAME` in `dist` (the launcher) with
 * `lib/NAME.bin` (Node and the bundle in one file), the loader, the libraries and all licences beside it. It needs nothing of
 * the machine, not even /proc, because Deckhouse runs hooks in a chroot of the module's own folder.
 */
export async function buildHookExecutables(
  dist: string,
  bundles: Bundles['hooks'],
  launcher: string,
): Promise<void> {
  for (const { name, folder, entry } of HOOK_PROGRAMS) {
    const bundle = bundles.get(entry);
    if (bundle === undefined) throw new Error(`bug: no bundle of ${entry}`);
    const target = `${dist}/hooks/${folder}`;
    await mkdir(`${target}/lib`, { recursive: true });
    await singleExecutable(bundle, `${target}/lib/${name}.bin`);
    await copyFile(launcher, `${target}/${name}`);
    await copyLibraries(`${target}/lib`);
    const licences = [licencesOf(bundle), `${RUNTIME}/${LICENCES}`].map((file) => readFile(file, 'utf8'));
    await writeFile(`${target}/lib/${LICENCES}`, (await Promise.all(licences)).join('\n'));
  }
  await rm(`${dist}/hooks/.bundle`, { recursive: true, force: true });
}

/** The same bytes for the same bundle, wherever it lies: the executable keeps the path that it is given. */
export async function singleExecutable(bundle: string, output: string): Promise<void> {
  const config = `${bundle}.sea.json`;
  const settings = {
    main: basename(bundle),
    output,
    executable: `${RUNTIME}/node`,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    execArgv: ['--max-semi-space-size=1'],
    execArgvExtension: 'none',
  };
  await writeFile(config, JSON.stringify(settings));
  // The code cache holds hashes of names, seeded at random otherwise.
  const args = ['--random-seed=1', '--build-sea', config];
  await run(`${ROOT}/node_modules/node/bin/node`, args, { cwd: dirname(bundle) });
  await chmod(output, 0o755);
}

async function copyLibraries(target: string): Promise<void> {
  for (const file of await readdir(`${RUNTIME}/lib`)) {
    await copyFile(`${RUNTIME}/lib/${file}`, `${target}/${file}`);
    // Only the loader needs the x bit; a hook host takes any other executable file for a hook.
    await chmod(`${target}/${file}`, file === 'ld.so' ? 0o755 : 0o644);
  }
}
