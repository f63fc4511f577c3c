import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModuleImages } from '../../dev/operators/module-folder.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { type ReleaseRecord, readRelease } from '../../dev/release/release-folder.ts';
import { type RegistryView, releaseCommand } from './release-images.ts';

const MODULE = 'service-with-healthchecks';

/** Where releases are made and published. */
export interface PublishPlace {
  readonly host: ProcessHost;
  /** The registry of modules, as `HOST:PORT/PATH`. */
  readonly registry: string;
}

/** Makes a release with `npm run bundle`. */
export async function bundleRelease({ host }: PublishPlace, version: string): Promise<ReleaseRecord> {
  const out = folderOf(host, version);
  await succeed('bundle', ['--version', version, '--out', out]);
  const record = await readRelease(out);
  if (record === undefined) throw new Error(`npm run bundle left no record in ${out}`);
  return record;
}

/** Publishes a release that was made, to a channel, with `npm run publish`. */
export async function publishRelease(
  { host, registry }: PublishPlace,
  version: string,
  channel: string,
): Promise<void> {
  await succeed('publish', ['--registry', registry, '--from', folderOf(host, version), '--channel', channel]);
}

/** What a channel gave. */
export interface TakenModule extends ModuleImages {
  readonly version: string;
}

/**
 * Unpacks into `folder` the module that a channel names, as Deckhouse does: the release image says which version, and the
 * image of that version is the module.
 */
export async function takeModule(
  { host, registry }: PublishPlace,
  view: RegistryView,
  { channel, folder }: { readonly channel: string; readonly folder: string },
): Promise<TakenModule> {
  const release = host.directory(`release-of-${channel}`);
  await view.unpack(`${registry}/${MODULE}/release:${channel}`, release);
  const { version }: { readonly version: string } = read(release, 'version.json');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  await view.unpack(`${registry}/${MODULE}:${version}`, folder);
  return { version, base: registry, digests: read(folder, 'images_digests.json') };
}

function read<T>(folder: string, file: string): T {
  // The caller names the part of the published document that it reads.
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
}

function folderOf(host: ProcessHost, version: string): string {
  return host.directory(`release-${version}`);
}

async function succeed(command: 'bundle' | 'publish', args: readonly string[]): Promise<void> {
  const { status, stderr } = await releaseCommand(command, args);
  if (status !== 0) throw new Error(`npm run ${command} ended with ${status}: ${stderr}`);
}
