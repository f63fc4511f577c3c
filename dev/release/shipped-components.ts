import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { bundledPackages } from '../build/bundled-packages.ts';
import { runtimeOrigin } from '../build/runtime.ts';
import { type Component, npmComponents, runtimeComponents } from './components.ts';

/** Everything of others in a product that was just built into the folder `product`. */
export async function shippedComponents(
  product: string,
  metafiles: readonly Metafile[],
): Promise<readonly Component[]> {
  const [origin, goVersion] = await Promise.all([runtimeOrigin(), goVersionOf(`${product}/bin/agent`)]);
  return [
    ...(await npmComponents(bundledPackages(metafiles))),
    ...(await runtimeComponents(origin, goVersion)),
  ];
}

/** What the program itself says: another Go than the one in PATH may have built it. */
async function goVersionOf(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)('go', ['version', program]);
  const version = /: (go\S+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${program} does not say which Go has built it: ${stdout}`);
  return version;
}
