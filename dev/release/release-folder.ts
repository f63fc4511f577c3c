import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest, Image } from './oci-image.ts';
import { writeLayout } from './oci-layout.ts';
import type { ReleaseVersion } from './release-version.ts';

/** The images of a release, by the name of their folder. */
export const IMAGE_NAMES = ['agent', 'controller', 'bundle', 'release', 'registration'] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

/** What a release folder holds: this record as release.json, sbom.cdx.json, and images/NAME as OCI layouts. */
export interface ReleaseRecord {
  /** Name of the module. */
  readonly module: string;
  readonly version: ReleaseVersion;
  readonly digests: Readonly<Record<ImageName, Digest>>;
}

/** A release that is complete in memory. */
export interface Release {
  readonly record: ReleaseRecord;
  readonly images: Readonly<Record<ImageName, Image>>;
  readonly sbom: string;
  /** What oss.yaml should say. */
  readonly oss: string;
}

/** Writes the release in place of the one that the folder holds; release.json last, so that it vouches for all. */
export async function writeRelease(folder: string, { record, images, sbom }: Release): Promise<void> {
  await rm(join(folder, 'release.json'), { force: true });
  await rm(join(folder, 'images'), { recursive: true, force: true });
  for (const name of IMAGE_NAMES) await writeLayout(layoutFolder(folder, name), images[name]);
  await writeFile(join(folder, 'sbom.cdx.json'), sbom);
  await writeFile(join(folder, 'release.json'), `${JSON.stringify(record, null, 2)}\n`);
}

/** The record of the release in the folder; `undefined` when there is none. */
export async function readRelease(folder: string): Promise<ReleaseRecord | undefined> {
  const text = await readFile(join(folder, 'release.json'), 'utf8').catch(() => undefined);
  // Written by writeRelease.
  return text === undefined ? undefined : (JSON.parse(text) as ReleaseRecord);
}

/** Where the folder keeps the OCI layout of an image. */
export function layoutFolder(folder: string, name: ImageName): string {
  return join(folder, 'images', name);
}
