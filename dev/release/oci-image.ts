import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type TarEntry, tarOf } from './tar.ts';

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** One layer as a registry stores it. */
export interface Layer {
  readonly blob: Buffer;
  readonly digest: Digest;
  /** Digest of the archive before compression. */
  readonly diffId: Digest;
}

/** What a container runtime does with an image; see the OCI image specification. */
export interface ImageConfig {
  readonly User?: string;
  readonly Entrypoint?: readonly string[];
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

/** An image: its layers, and the two documents that name them. */
export interface Image {
  readonly layers: readonly Layer[];
  readonly config: Buffer;
  readonly manifest: Buffer;
  readonly digest: Digest;
}

/** Media type of `Image.manifest`. */
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/** Equal entries give equal layers: the archive is ordered and undated, and gzip's header holds no time. */
export async function layerOf(entries: readonly TarEntry[]): Promise<Layer> {
  const archive = tarOf(entries);
  const blob = await promisify(gzip)(archive, { level: 6 });
  return { blob, digest: digestOf(blob), diffId: digestOf(archive) };
}

/** An image of this machine's architecture. Its date is the epoch, so that equal content gives an equal digest. */
export function imageOf(layers: readonly Layer[], config: ImageConfig): Image {
  const created = '1970-01-01T00:00:00Z';
  const configBlob = json({
    created,
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created, created_by: 'npm run bundle' })),
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: descriptor('application/vnd.oci.image.config.v1+json', configBlob),
    layers: layers.map(({ blob }) => descriptor('application/vnd.oci.image.layer.v1.tar+gzip', blob)),
  });
  return { layers, config: configBlob, manifest, digest: digestOf(manifest) };
}

/** Bytes of all layers, compressed: what a node downloads that has none of them. */
export function sizeOf({ layers }: Image): number {
  return layers.reduce((sum, { blob }) => sum + blob.length, 0);
}

/** How one OCI document names another, or a blob. */
export function descriptor(mediaType: string, blob: Uint8Array): object {
  return { mediaType, digest: digestOf(blob), size: blob.length };
}

/** Digest of a blob. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A document without white space. */
export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
