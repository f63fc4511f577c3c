import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../../../dev/build/layout.ts';
import { RUNTIME } from '../../../../dev/build/runtime.ts';
import { parseYaml } from '../../../../dev/manifest/yaml.ts';
import { ProcessHost } from '../../../../dev/process/process-host.ts';
import { startRegistryServer } from '../../../../dev/release/registry-server.ts';
import { type ReleaseRecord, readRelease } from '../../../../dev/release/release-folder.ts';
import { addressOf, lockedRegistry } from '../../../support/locked-registry.ts';
import { pathsIn, RegistryView, releaseCommand } from '../../../support/release-images.ts';

const NAME = 'service-with-healthchecks';

interface Manifest {
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

let folder: string;
let host: ProcessHost;
let registry: string;
let view: RegistryView;
let first: ReleaseRecord;
let second: ReleaseRecord;

const repository = (): string => `${registry}/${NAME}`;
const byDigest = (digest: string): string => `${repository()}@${digest}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swh-release-'));
  host = ProcessHost.open();
  registry = `${await startRegistryServer(host)}/acme/modules`;
  view = await RegistryView.open();
  first = await bundled('v0.1.0', 'first');
  second = await bundled('v0.2.0', 'second');
}, 600_000);

afterAll(async () => {
  await host?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function bundled(version: string, at: string, env: Readonly<Record<string, string>> = {}) {
  const out = join(folder, at);
  const { status, stdout, stderr } = await releaseCommand(
    'bundle',
    ['--version', version, '--out', out],
    env,
  );
  if (status !== 0) throw new Error(`bundle ${version}: ${stderr}`);
  const record = await readRelease(out);
  if (record === undefined) throw new Error(`bundle ${version} left no record:\n${stdout}`);
  return record;
}

function publish(from: string, ...args: readonly string[]) {
  return releaseCommand('publish', ['--registry', registry, '--from', join(folder, from), ...args]);
}

function digests(at: string): Readonly<Record<string, string>> {
  const root = join(folder, at);
  return Object.fromEntries(
    pathsIn(root).map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(root, path)))
        .digest('hex'),
    ]),
  );
}

test('equal input gives equal bytes, in another folder, time zone and minute, with the runtime made anew', async () => {
  rmSync(`${RUNTIME}/origin.json`);
  await bundled('v0.1.0', 'elsewhere/again', {
    TZ: 'Pacific/Auckland',
    LANG: 'ru_RU.UTF-8',
    HOME: '/nonexistent',
  });
  expect(digests('elsewhere/again')).toEqual(digests('first'));
}, 300_000);

describe('a published release', () => {
  beforeAll(async () => {
    const { status, stderr } = await publish('first', '--channel', 'stable', '--channel', 'alpha');
    expect({ status, stderr }).toMatchObject({ status: 0 });
  }, 120_000);

  test('has the tags that Deckhouse looks for, with the digests of the bundle', async () => {
    expect(await view.tags(registry)).toEqual([NAME]);
    expect(await view.tags(repository())).toEqual(['agent-v0.1.0', 'controller-v0.1.0', 'v0.1.0']);
    expect(await view.tags(`${repository()}/release`)).toEqual(['alpha', 'stable', 'v0.1.0']);
    expect(await view.digest(`${repository()}:v0.1.0`)).toBe(first.digests.bundle);
    for (const tag of ['v0.1.0', 'alpha', 'stable']) {
      expect(await view.digest(`${repository()}/release:${tag}`)).toBe(first.digests.release);
    }
    expect(await view.digest(`${registry}:${NAME}`)).toBe(first.digests.registration);
    for (const digest of [first.digests.agent, first.digests.controller, first.digests.bundle]) {
      await view.validate(byDigest(digest));
    }
  });

  test('the bundle is the module, and its digests name images that are there', async () => {
    const paths = await view.unpack(`${repository()}:v0.1.0`, join(folder, 'bundle'));
    const top = [...new Set(paths.map((path) => path.replace(/\/.*/, '')))];
    expect(top).toEqual([
      '.helmignore',
      'Chart.yaml',
      'charts',
      'crds',
      'docs',
      'hooks',
      'images_digests.json',
      'module.yaml',
      'monitoring',
      'openapi',
      'templates',
      'version.json',
    ]);
    expect(paths.filter((path) => /\.(?:ts|go|cjs|map)$/.test(path))).toEqual([]);
    expect(paths.filter((path) => path.startsWith('hooks/') && !path.startsWith('hooks/lib/'))).toEqual([
      `hooks/${NAME}`,
    ]);
    const read = (path: string): string => readFileSync(join(folder, 'bundle', path), 'utf8');
    expect(JSON.parse(read('version.json'))).toEqual({ version: 'v0.1.0' });
    expect(read('module.yaml')).toBe(readFileSync(`${ROOT}/module.yaml`, 'utf8'));
    const named: Readonly<Record<string, string>> = JSON.parse(read('images_digests.json'));
    expect(named).toEqual({ agent: first.digests.agent, controller: first.digests.controller });
    for (const digest of Object.values(named)) expect(await view.digest(byDigest(digest))).toBe(digest);
  });

  test('the release image says which version, what is new and what is required', async () => {
    const paths = await view.unpack(`${repository()}/release:alpha`, join(folder, 'release-image'));
    expect(paths).toEqual(['changelog.yaml', 'module.yaml', 'version.json']);
    const read = (path: string): string => readFileSync(join(folder, 'release-image', path), 'utf8');
    expect(JSON.parse(read('version.json'))).toEqual({ version: 'v0.1.0' });
    expect(parseYaml(read('changelog.yaml'))).toMatchObject({ features: expect.any(Array) });
  });

  test('publishing it again sends nothing and changes nothing', async () => {
    const before = await view.tags(`${repository()}/release`);
    const { status, stdout } = await publish('first', '--channel', 'alpha');
    expect(status).toBe(0);
    expect(stdout).toContain('release:alpha names it already: v0.1.0');
    expect(await view.tags(`${repository()}/release`)).toEqual(before);
  });

  test('a second release moves the channel that is named, and no other', async () => {
    const { status, stdout } = await publish('second', '--channel', 'alpha');
    expect(status).toBe(0);
    expect(stdout).toContain('release:alpha now names v0.2.0');
    expect(await view.digest(`${repository()}/release:alpha`)).toBe(second.digests.release);
    expect(await view.digest(`${repository()}/release:stable`)).toBe(first.digests.release);
    expect(await view.digest(`${repository()}:v0.1.0`)).toBe(first.digests.bundle);
  });

  test('a version that is published already reaches a channel without its files', async () => {
    const { status } = await publish('second', '--version', 'v0.1.0', '--channel', 'rock-solid');
    expect(status).toBe(0);
    expect(await view.digest(`${repository()}/release:rock-solid`)).toBe(first.digests.release);
  });

  test('upgrades move the program only: all images of all releases share the layer of the runtime', async () => {
    const images = [first, second].flatMap(({ digests: { agent, controller } }) => [agent, controller]);
    await publish('second');
    const manifests = await Promise.all(
      images.map((digest) => view.document<Manifest>('manifest', byDigest(digest))),
    );
    const runtimes = new Set(manifests.map(({ layers }) => layers[0]?.digest));
    expect(runtimes.size).toBe(1);
    for (const { layers } of manifests) {
      expect(layers).toHaveLength(2);
      expect(layers[1]?.size).toBeLessThan(4e6);
    }
    expect(new Set(images).size).toBe(4);
  });

  test('the bundles of all releases share the layer of the hooks', async () => {
    const bundles = [first.digests.bundle, second.digests.bundle];
    const manifests = await Promise.all(
      bundles.map((digest) => view.document<Manifest>('manifest', byDigest(digest))),
    );
    const [one, two] = manifests.map(({ layers }) => layers);
    expect(one?.[0]).toEqual(two?.[0]);
    expect(one?.[1]?.digest).not.toBe(two?.[1]?.digest);
    expect(one?.[1]?.size).toBeLessThan(5e5);
  });
});

describe('npm run publish refuses', () => {
  test('a version that was published with other content', async () => {
    await publish('first');
    cpSync(join(folder, 'second'), join(folder, 'forged'), { recursive: true });
    const record = join(folder, 'forged/release.json');
    writeFileSync(record, JSON.stringify({ ...second, version: 'v0.1.0' }));
    const { status, stderr } = await publish('forged', '--channel', 'alpha');
    expect(status).toBe(1);
    expect(stderr).toContain(`${NAME}:v0.1.0 is published with other content`);
    expect(await view.digest(`${repository()}:v0.1.0`)).toBe(first.digests.bundle);
  });

  test('a version that nobody has published', async () => {
    const { status, stderr } = await publish('second', '--version', 'v9.9.9', '--channel', 'alpha');
    expect(status).toBe(1);
    expect(stderr).toContain('release:v9.9.9 was never published: make it with npm run bundle');
  });

  test('a folder without a release', async () => {
    const { status, stderr } = await publish('nothing', '--channel', 'alpha');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('make one with npm run bundle'),
    });
  });

  test('a registry that cannot be reached', async () => {
    const args = ['--registry', '127.0.0.1:1/modules', '--from', join(folder, 'first')];
    const { status, stderr } = await releaseCommand('publish', args);
    expect(status).toBe(1);
    expect(stderr).toContain('the registry cannot be reached: check the host and port of --registry');
  });

  test('to guess credentials, and takes those of the ordinary client', async () => {
    const locked = await lockedRegistry(registry.split('/')[0] ?? '', 'publisher', 'correct horse');
    try {
      const args = ['--registry', `${addressOf(locked)}/locked`, '--from', join(folder, 'first')];
      const config = join(folder, 'docker');
      mkdirSync(config);
      const denied = await releaseCommand('publish', args, { DOCKER_CONFIG: config });
      expect(denied.status).toBe(1);
      expect(denied.stderr).toContain(
        `access denied: log in as a user who may push there: docker login ${addressOf(locked)}`,
      );
      const auth = Buffer.from('publisher:correct horse').toString('base64');
      writeFileSync(
        join(config, 'config.json'),
        JSON.stringify({ auths: { [addressOf(locked)]: { auth } } }),
      );
      const allowed = await releaseCommand('publish', args, { DOCKER_CONFIG: config });
      expect(allowed).toMatchObject({ status: 0, stderr: '' });
      expect(`${denied.stdout}${denied.stderr}${allowed.stdout}`).not.toContain(auth);
    } finally {
      locked.closeAllConnections();
      locked.close();
    }
  });
});

test('the bill of materials names Node, the libraries and the packages of the bundles', () => {
  const bill: { readonly components: readonly { readonly purl: string }[] } = JSON.parse(
    readFileSync(join(folder, 'first/sbom.cdx.json'), 'utf8'),
  );
  const purls = bill.components.map(({ purl }) => purl);
  expect(purls).toContain(`pkg:npm/node@${process.versions.node}`);
  for (const wanted of [
    'pkg:npm/pg@',
    'pkg:npm/prom-client@',
    'pkg:deb/debian/glibc@',
    'pkg:golang/stdlib@',
  ]) {
    expect(purls.filter((purl) => purl.startsWith(wanted))).toHaveLength(1);
  }
  // Tools of the build are not shipped.
  expect(purls.filter((purl) => /vitest|esbuild|typescript|ajv/.test(purl))).toEqual([]);
});
