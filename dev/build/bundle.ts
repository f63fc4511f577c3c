import { readFile, stat, writeFile } from 'node:fs/promises';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { bundledPackages } from './bundled-packages.ts';
import { clientNodeSlim } from './client-node-slim.ts';
import { HOOK_PROGRAMS, PROGRAMS, ROOT } from './layout.ts';
import { LICENCES, programLicences } from './licence-texts.ts';

/** What one build makes. */
export interface BuildTarget {
  /** Where it goes; the folders below are those of the images. */
  readonly folder: string;
  /** What the programs answer to `--version`. */
  readonly version: string;
}

/** What bundling gives beside the files. */
export interface Bundles {
  /** The CommonJS bundle of each hook program, by entry point, for the single executables. */
  readonly hooks: ReadonlyMap<string, string>;
  /** esbuild's record of what each bundle is made of. */
  readonly metafiles: readonly Metafile[];
}

/**
 * Bundles controller and agent into `FOLDER/app`, the hook programs into `FOLDER/hooks/.bundle`, each with the licences
 * of what is in it beside it.
 */
export async function bundlePrograms({ folder, version }: BuildTarget): Promise<Bundles> {
  const metafiles: Metafile[] = [];
  for (const name of PROGRAMS) {
    const outfile = `${folder}/app/${name}.cjs`;
    metafiles.push(await bundleProgram(version, `${ROOT}/images/${name}/src/main.ts`, outfile));
    console.log(`build:   app/${name}.cjs ${Math.round((await stat(outfile)).size / 1024)} KiB`);
  }
  const hooks = new Map<string, string>();
  for (const program of HOOK_PROGRAMS) {
    const outfile = `${folder}/hooks/.bundle/${program.folder}.cjs`;
    metafiles.push(await bundleProgram(version, `${ROOT}/${program.entry}`, outfile));
    hooks.set(program.entry, outfile);
  }
  return { hooks, metafiles };
}

/** Where the licences of what is in a bundle lie: beside it. */
export function licencesOf(bundle: string): string {
  return bundle.replace(/[.]cjs$/, `.${LICENCES}`);
}

async function bundleProgram(version: string, entry: string, outfile: string): Promise<Metafile> {
  const { metafile } = await build(options(version, entry, outfile));
  await writeFile(licencesOf(outfile), await programLicences(bundledPackages([metafile])));
  return metafile;
}

/** Bundles one more entry point than those of the product, for a single executable. */
export async function bundleEntry(entry: string, outfile: string): Promise<void> {
  await build(options('0.0.0', entry, outfile));
}

/** CommonJS, because a CommonJS bundle starts faster and needs no `createRequire` for the packages inside. */
function options(version: string, entry: string, outfile: string) {
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
    metafile: true,
  } as const satisfies BuildOptions;
}

/** The version in package.json, without a leading `v`. */
export async function productVersion(): Promise<string> {
  const manifest: { version: string } = JSON.parse(await readFile(`${ROOT}/package.json`, 'utf8'));
  return manifest.version;
}
