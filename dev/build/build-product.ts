import { mkdir, rm } from 'node:fs/promises';
import { type BuildTarget, type Bundles, bundlePrograms } from './bundle.ts';
import { buildHookExecutables } from './hook-executable.ts';
import { buildLauncher } from './launcher.ts';
import { DIST } from './layout.ts';
import { buildRuntime } from './runtime.ts';
import { step } from './step.ts';

/** Builds the programs and hooks into the target's folder, and the runtime, which all targets share, into `dist`. */
export async function buildProduct(target: BuildTarget): Promise<Bundles> {
  const { folder } = target;
  await mkdir(DIST, { recursive: true });
  await Promise.all(
    ['app', 'bin', 'hooks'].map((part) => rm(`${folder}/${part}`, { recursive: true, force: true })),
  );
  await step('runtime', buildRuntime);
  const bundles = await step('bundles', () => bundlePrograms(target));
  const launcher = await step('launcher', () => buildLauncher(folder));
  await step('hooks', () => buildHookExecutables(folder, bundles.hooks, launcher));
  return bundles;
}
