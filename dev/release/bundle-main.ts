/** `npm run bundle`: the OCI images of a module release, into dist/release. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { productVersion } from '../build/bundle.ts';
import { DIST, ROOT } from '../build/layout.ts';
import { HELP, parseBundleOptions } from './bundle-options.ts';
import { makeRelease } from './make-release.ts';
import { sizeOf } from './oci-image.ts';
import { IMAGE_NAMES, type Release } from './release-folder.ts';
import type { ReleaseVersion } from './release-version.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const defaults = { version: await productVersion(), out: `${DIST}/release` };
  const options = parseBundleOptions(process.argv.slice(2), defaults);
  if (options.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.kind === 'wrong') {
    console.error(`npm run bundle: ${options.message} (see --help)`);
    return 2;
  }
  return run(options.version, resolve(options.out));
}

async function run(version: ReleaseVersion, folder: string): Promise<number> {
  const start = performance.now();
  try {
    const release = await makeRelease(version, folder);
    report(release);
    if (release.oss !== (await readFile(`${ROOT}/oss.yaml`, 'utf8'))) {
      console.error('warning: oss.yaml does not list what is shipped: write it anew with npm run oss');
    }
  } catch (error) {
    console.error(`npm run bundle: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  console.log(`${version} is in ${folder}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return 0;
}

function report({ images, record }: Release): void {
  for (const name of IMAGE_NAMES) {
    const parts = images[name].layers.map(({ blob }) => megabytes(blob.length)).join(' + ');
    console.log(
      `${name.padEnd(12)} ${record.digests[name]} ${megabytes(sizeOf(images[name]))} MB (${parts})`,
    );
  }
  const [runtime, program] = images.agent.layers;
  if (runtime !== undefined && program !== undefined) {
    console.log(`runtime layer of agent and controller: ${runtime.digest}`);
    console.log(`an agent's upgrade moves ${megabytes(program.blob.length)} MB to each node`);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
