import { readFile } from 'node:fs/promises';
import { ROOT } from '../build/layout.ts';
import { readEntry, readTree, textFile } from './file-tree.ts';
import { type Digest, type Image, imageOf, layerOf } from './oci-image.ts';
import type { TarEntry } from './tar.ts';

/** Of the work tree, what Deckhouse reads from a module. It expects `charts` to be there, even empty. */
export const MODULE_PARTS = [
  ...['module.yaml', '.helmignore', 'charts', 'crds', 'docs'],
  ...['monitoring', 'openapi', 'templates'],
] as const;

/** What the module's own images hold beside files of the work tree. */
export interface ModuleRelease {
  /** With the leading `v`. */
  readonly version: string;
  /** Where the hook executable was built. */
  readonly product: string;
  /** By the names that templates use. */
  readonly digests: Readonly<Record<string, Digest>>;
}

/**
 * The image that Deckhouse unpacks as the module's folder. The hook with its runtime is a layer of its own, which
 * stays the same while the hooks do.
 */
export async function bundleImage({ version, product, digests }: ModuleRelease): Promise<Image> {
  const files = await Promise.all(MODULE_PARTS.map((path) => readEntry(`${ROOT}/${path}`, path)));
  const hooks = await layerOf(await readTree(`${product}/hooks/module`, 'hooks'));
  const module = await layerOf([
    ...files.flat(),
    await chart(version),
    versionFile(version),
    textFile('images_digests.json', `${JSON.stringify(digests, null, 2)}\n`),
  ]);
  return imageOf([hooks, module], {});
}

/** The image that a release channel names: which version, what is new, and what the module requires. */
export async function releaseImage(version: string): Promise<Image> {
  const files = ['changelog.yaml', 'module.yaml'].map((path) => readEntry(`${ROOT}/${path}`, path));
  return imageOf([await layerOf([versionFile(version), ...(await Promise.all(files)).flat()])], {});
}

/** An image without content: that it exists under the module's name makes the module known to a ModuleSource. */
export async function registrationImage(): Promise<Image> {
  // Some registries refuse an image that has no layer at all.
  return imageOf([await layerOf([])], {});
}

/** The chart's name, and as its version that of the release. */
async function chart(version: string): Promise<TarEntry> {
  const text = await readFile(`${ROOT}/Chart.yaml`, 'utf8');
  return textFile('Chart.yaml', text.replace(/^version: .*$/m, `version: ${version.slice(1)}`));
}

function versionFile(version: string): TarEntry {
  return textFile('version.json', `${JSON.stringify({ version })}\n`);
}
