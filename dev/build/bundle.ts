import { readFile, stat } from 'node:fs/promises';
import { type BuildOptions, build } from 'esbuild';
import { clientNodeSlim } from './client-node-slim.ts';
import { DIST, HOOK_PROGRAMS, PROGRAMS, ROOT } from './layout.ts';

/** The CommonJS bundle of each hook program, by entry point, for the single executables. */
export type HookBundles = ReadonlyMap<string, string>;

/** Bundles controller and agent into `dist/app`, the hook programs into `dist/hooks/.bundle`. */
export async function bundlePrograms(): Promise<HookBundles> {
  const version = await productVersion();
  for (const name of PROGRAMS) {
    const outfile = `${DIST}/app/${name}.cjs`;
    await build(options(version, `${ROOT}/images/${name}/src/main.ts`, outfile));
    console.log(`build:   dist/app/${name}.cjs ${Math.round((await stat(outfile)).size / 1024)} KiB`);
  }
  const hooks = new Map<string, string>();
  for (const { folder, entry } of HOOK_PROGRAMS) {
    const outfile = `${DIST}/hooks/.bundle/${folder}.cjs`;
    await build(options(version, `${ROOT}/${entry}`, outfile));
    hooks.set(entry, outfile);
  }
  return hooks;
}

/** CommonJS, because a CommonJS bundle starts faster and needs no `createRequire` for the packages inside. */
function options(version: string, entry: string, outfile: string): BuildOptions {
  return {
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    keepNames: false,
    platform: 'node',
    target: 'node26',
    format: 'cjs',
    define: { PRODUCT_VERSION: JSON.stringify(version) },
    external: ['pg-native'],
    plugins: [clientNodeSlim()],
    legalComments: 'none',
    logLevel: 'warning',
  };
}

async function productVersion(): Promise<string> {
  const manifest: { version: string } = JSON.parse(await readFile(`${ROOT}/package.json`, 'utf8'));
  return manifest.version;
}
