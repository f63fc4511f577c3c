import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROGRAMS, ROOT } from '../../../dev/build/layout.ts';
import { parseYaml } from '../../../dev/manifest/yaml.ts';
import { PROGRAM_ROOT } from '../../../dev/release/application-images.ts';
import { MODULE_PARTS } from '../../../dev/release/module-images.ts';
import { renderWerfConfig, type WerfImage } from '../../support/werf-config.ts';

let images: ReadonlyMap<string, WerfImage>;

function image(name: string): WerfImage {
  const found = images.get(name);
  if (found === undefined) throw new Error(`werf.yaml has no image ${name}`);
  return found;
}

beforeAll(async () => {
  images = await renderWerfConfig('v0.1.0');
});

describe('the werf configuration', () => {
  test('has the images of a module release and those that they are made from', () => {
    const final = [...images.values()].filter((one) => one.final !== false).map((one) => one.image);
    expect(final.toSorted()).toEqual(['agent', 'bundle', 'controller', 'release-channel-version']);
  });

  test('names only images that it has', () => {
    for (const { image: name, fromImage, import: imports = [], dependencies = [] } of images.values()) {
      const named = [...imports, ...dependencies].map((one) => one.image);
      for (const other of [...(fromImage === undefined ? [] : [fromImage]), ...named]) {
        expect([...images.keys()], `${name} names ${other}`).toContain(other);
      }
    }
  });

  test('takes base images from the list of Deckhouse', () => {
    for (const name of ['builder/distroless', 'builder/golang-bookworm', 'builder/scratch']) {
      expect(image(name).from).toMatch(/^registry\.example\.com\/base_images@sha256:\w{64}$/);
    }
    expect(images.has('builder/unused')).toBe(false);
  });

  test('builds with the Node that package.json pins', () => {
    const manifest = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
    expect(image('node').from).toBe(`node:${manifest.devDependencies.node}-bookworm-slim`);
  });

  test.each(PROGRAMS)('starts the %s where our own build puts it', (name) => {
    const { imageSpec, import: imports = [] } = image(name);
    expect(imageSpec?.config.entrypoint).toEqual([`/${PROGRAM_ROOT}/bin/${name}`]);
    for (const { to } of imports) expect(to.startsWith(`/${PROGRAM_ROOT}/`)).toBe(true);
  });

  test('writes down the digest of every image that templates name', () => {
    const { dependencies = [], shell } = image('release-facts');
    expect(dependencies.map((one) => one.image)).toEqual(PROGRAMS);
    const script = (shell?.['setup'] ?? []).join('\n').replaceAll('/facts', '"$FACTS"');
    const facts = mkdtempSync(join(tmpdir(), 'swh-facts-'));
    try {
      const env = Object.fromEntries(
        dependencies.flatMap(({ image: name, imports }) =>
          imports.map(({ targetEnv }) => [targetEnv, `sha256:${name}`]),
        ),
      );
      execFileSync('sh', ['-ec', script], { env: { ...process.env, ...env, FACTS: join(facts, 'made') } });
      const read = (file: string): unknown => JSON.parse(readFileSync(join(facts, 'made', file), 'utf8'));
      expect(read('images_digests.json')).toEqual({ agent: 'sha256:agent', controller: 'sha256:controller' });
      expect(read('version.json')).toEqual({ version: 'v0.1.0' });
    } finally {
      rmSync(facts, { recursive: true });
    }
  });

  test('adds files of the work tree that are there', () => {
    for (const { image: name, git = [] } of images.values()) {
      for (const { add, includePaths = [''] } of git) {
        const paths = includePaths.map((path) => join(ROOT, add, path));
        expect(
          paths.filter((path) => !existsSync(path)),
          `${name} adds`,
        ).toEqual([]);
      }
    }
    expect(image('release-channel-version').git?.map(({ to }) => to)).toEqual([
      '/changelog.yaml',
      '/module.yaml',
    ]);
  });

  test('puts the same files of the work tree into the bundle as our own build', () => {
    expect(image('bundle').git?.[0]?.includePaths).toEqual(['Chart.yaml', ...MODULE_PARTS].toSorted());
  });

  test('may read what giterminism allows', () => {
    const allowed = parseYaml(readFileSync(`${ROOT}/werf-giterminism.yaml`, 'utf8'));
    expect(allowed).toMatchObject({
      config: {
        goTemplateRendering: {
          allowEnvVariables: ['MODULES_MODULE_TAG'],
          allowUncommittedFiles: ['base_images.yml'],
        },
      },
    });
  });
});

describe('the product as werf builds it', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'swh-werf-product-'));
    for (const path of image('product').git?.[0]?.includePaths ?? []) {
      cpSync(join(ROOT, path), join(folder, path), {
        recursive: true,
        filter: (source) => !source.includes('/generated'),
      });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const commands = image('product').shell?.['setup'] ?? [];
    const script = commands.join('\n').replaceAll('/product', '"$PRODUCT"');
    execFileSync('sh', ['-ec', script], { env: { ...process.env, PRODUCT: folder } });
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('needs no other file, and gives all that the images import from it', () => {
    const imported = [...images.values()].flatMap(({ import: imports = [] }) => imports);
    const paths = imported
      .filter((one) => one.image === 'product')
      .flatMap(({ add, includePaths = [''] }) => includePaths.map((path) => join(add, path)));
    expect(paths.length).toBeGreaterThan(6);
    const missing = paths.filter((path) => !existsSync(path.replace(/^\/product/, folder)));
    expect(missing).toEqual([]);
  });
});
