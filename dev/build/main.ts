/** `npm run build`: everything that the images and the module ship, into dist/. */
import { mkdir, rm } from 'node:fs/promises';
import { bundlePrograms } from './bundle.ts';
import { buildHookExecutables } from './hook-executable.ts';
import { buildLauncher } from './launcher.ts';
import { DIST } from './layout.ts';
import { buildRuntime } from './runtime.ts';
import { step } from './step.ts';

await mkdir(DIST, { recursive: true });
await Promise.all(
  ['app', 'bin', 'hooks'].map((part) => rm(`${DIST}/${part}`, { recursive: true, force: true })),
);
await step('runtime', buildRuntime);
const bundles = await step('bundles', bundlePrograms);
const launcher = await step('launcher', buildLauncher);
await step('hooks', () => buildHookExecutables(bundles, launcher));
