import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundlePrograms } from '../../dev/build/bundle.ts';
import { bundledPackages } from '../../dev/build/bundled-packages.ts';
import { parseYaml } from '../../dev/manifest/yaml.ts';
import { npmComponents } from '../../dev/release/components.ts';
import { ossList } from '../../dev/release/oss-list.ts';

const ROOT = new URL('../../', import.meta.url);

/** Entries of oss.yaml that no npm package stands behind. Their versions follow the machine that made the file. */
const RUNTIME_PARTS: readonly string[] = ['gcc-runtime-libraries', 'glibc', 'go', 'nodejs'];

interface Manifest {
  readonly name: string;
  readonly version: string;
}

describe('files of the module', () => {
  const manifest: Manifest = JSON.parse(read('package.json'));

  it('agree on the name', () => {
    const name = 'service-with-healthchecks';
    expect(manifest.name).toBe(name);
    expect(parseYaml(read('module.yaml'))).toMatchObject({ name, namespace: `d8-${name}` });
    expect(parseYaml(read('Chart.yaml'))).toMatchObject({ name, version: manifest.version });
  });

  it('list in oss.yaml every package that is in a bundle, as the lock file has it', async () => {
    const product = mkdtempSync(join(tmpdir(), 'swh-bundles-'));
    try {
      const { metafiles } = await bundlePrograms({ folder: product, version: '0.0.0' });
      const shipped = await npmComponents(bundledPackages(metafiles));
      const listed = listedSoftware().filter(({ id }) => !RUNTIME_PARTS.includes(id));
      expect(listed).toEqual(parseYaml(ossList(shipped)));
    } finally {
      rmSync(product, { recursive: true });
    }
  });

  it('list in oss.yaml what the runtime is made of', () => {
    const parts = listedSoftware().filter(({ id }) => RUNTIME_PARTS.includes(id));
    expect(parts.map(({ id }) => id)).toEqual(RUNTIME_PARTS);
    expect(parts.find(({ id }) => id === 'nodejs')?.version).toBe(process.version.slice(1));
    for (const { version } of parts) expect(version).toMatch(/^\d+\.\d+/);
  });

  it('describe every setting in both languages, with choices in CamelCase', () => {
    const settings = propertiesOf('openapi/config-values.yaml');
    const russian = propertiesOf('openapi/doc-ru-config-values.yaml');
    expect(Object.keys(russian)).toEqual(Object.keys(settings));
    for (const [name, setting] of Object.entries(settings)) {
      expect(setting.description).toMatch(/[a-z]/);
      expect(russian[name]?.description).toMatch(/[а-я]/);
      for (const choice of setting.enum ?? []) expect(choice).toMatch(/^[A-Z][A-Za-z]*$/);
    }
  });
});

interface Setting {
  readonly description?: string;
  readonly enum?: readonly string[];
}

function propertiesOf(file: string): Readonly<Record<string, Setting>> {
  // Our own file, in the form that Deckhouse prescribes.
  return (parseYaml(read(file)) as { readonly properties: Readonly<Record<string, Setting>> }).properties;
}

function read(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8');
}

function listedSoftware(): readonly { readonly id: string; readonly version: string }[] {
  // Our own file, in the form that Deckhouse prescribes.
  return parseYaml(read('oss.yaml')) as readonly { readonly id: string; readonly version: string }[];
}
