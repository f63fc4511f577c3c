import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { descriptor, digestOf, type Image, json, MANIFEST_TYPE } from './oci-image.ts';

/** Writes the image into a folder of its own, in the form of an OCI image layout. */
export async function writeLayout(folder: string, image: Image): Promise<void> {
  const blobs = [...image.layers.map(({ blob }) => blob), image.config, image.manifest];
  const files: readonly (readonly [path: string, content: Uint8Array])[] = [
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', json({ schemaVersion: 2, manifests: [descriptor(MANIFEST_TYPE, image.manifest)] })],
    ...blobs.map((blob) => [`blobs/${digestOf(blob).replace(':', '/')}`, blob] as const),
  ];
  for (const [path, content] of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}
