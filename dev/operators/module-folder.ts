import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DIST } from '../build/layout.ts';
import { bundleImage } from '../release/module-images.ts';
import { digestOf } from '../release/oci-image.ts';

const run = promisify(execFile);

/** What Deckhouse tells a chart about the images of a module. */
export interface ModuleImages {
  /** The registry of modules, such as `registry.example.com/modules`. */
  readonly base: string;
  /** By the names that templates use. */
  readonly digests: Readonly<Record<string, string>>;
}

/** Any digests: nothing of the images is run from them. */
const IMAGE_DIGESTS = {
  agent: digestOf(Buffer.from('agent')),
  controller: digestOf(Buffer.from('controller')),
} as const;

/** Unpacks the bundle image of the built product into `folder`, as Deckhouse does with one that it has downloaded. */
export async function unpackModule(folder: string): Promise<ModuleImages> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const { layers } = await bundleImage({ version: 'v0.0.1', product: DIST, digests: IMAGE_DIGESTS });
  for (const [index, { blob }] of layers.entries()) {
    const archive = join(folder, '..', `layer-${index}.tar.gz`);
    writeFileSync(archive, blob);
    await run('tar', ['-xzf', archive, '-C', folder, '--no-same-owner']);
  }
  return { base: 'registry.example.com/modules', digests: IMAGE_DIGESTS };
}
