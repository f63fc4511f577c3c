import type { Crane } from './crane.ts';
import type { Digest } from './oci-image.ts';
import type { Channel } from './publish-options.ts';
import { layoutFolder, type ReleaseRecord } from './release-folder.ts';
import type { ReleaseVersion } from './release-version.ts';

/** Where a module lives in a registry. */
export interface Destination {
  /** Without a slash at the end; its tags are the names of modules. */
  readonly registry: string;
  readonly module: string;
}

/** A step that was done, for a person. */
export type Progress = (line: string) => void;

/**
 * Pushes a release in the order in which a cluster may find it: what a tag names is always there already. Throws
 * when the version was published with other content, because clusters would not notice the exchange.
 */
export async function pushRelease(
  crane: Crane,
  { registry, record, folder }: { registry: string; record: ReleaseRecord; folder: string },
  progress: Progress,
): Promise<void> {
  const { module, version, digests } = record;
  const repository = `${registry}/${module}`;
  const release = `${repository}/release:${version}`;
  const bundle = `${repository}:${version}`;
  await refuseOtherContent(crane, bundle, digests.bundle);
  await refuseOtherContent(crane, release, digests.release);
  // Workloads name these by digest; the tag keeps a registry from tidying them away.
  const steps = [
    { name: 'agent', reference: `${repository}:agent-${version}` },
    { name: 'controller', reference: `${repository}:controller-${version}` },
    { name: 'bundle', reference: bundle },
    { name: 'release', reference: release },
    { name: 'registration', reference: `${registry}:${module}` },
  ] as const;
  for (const { name, reference } of steps) {
    await crane.push(layoutFolder(folder, name), reference);
    progress(`${reference} ${digests[name]}`);
  }
}

/** Lets channels name a published version. Throws when it was not published. */
export async function moveChannels(
  crane: Crane,
  { registry, module }: Destination,
  { version, channels }: { version: ReleaseVersion; channels: readonly Channel[] },
  progress: Progress,
): Promise<void> {
  const repository = `${registry}/${module}/release`;
  const wanted = await crane.digest(`${repository}:${version}`);
  if (wanted === undefined) {
    throw new Error(
      `${repository}:${version} was never published: make it with npm run bundle -- --version ${version}`,
    );
  }
  for (const channel of channels) {
    const present = await crane.digest(`${repository}:${channel}`);
    if (present !== wanted) await crane.tag(`${repository}:${version}`, channel);
    progress(`${repository}:${channel} ${present === wanted ? 'names it already:' : 'now names'} ${version}`);
  }
}

async function refuseOtherContent(crane: Crane, reference: string, wanted: Digest): Promise<void> {
  const present = await crane.digest(reference);
  if (present === undefined || present === wanted) return;
  throw new Error(
    `${reference} is published with other content (${present}, not ${wanted}): take a new version`,
  );
}
