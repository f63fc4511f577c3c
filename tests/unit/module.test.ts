import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../dev/manifest/yaml.ts';

const ROOT = new URL('../../', import.meta.url);

/** Name in oss.yaml of each package that the products carry. */
const NAMES: Readonly<Record<string, string>> = {
  node: 'nodejs',
  '@kubernetes/client-node': 'kubernetes-client-node',
  pg: 'node-postgres',
};

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

describe('files of the module', () => {
  const manifest: Manifest = JSON.parse(read('package.json'));

  it('agree on the name', () => {
    const name = 'service-with-healthchecks';
    expect(manifest.name).toBe(name);
    expect(parseYaml(read('module.yaml'))).toMatchObject({ name, namespace: `d8-${name}` });
    expect(parseYaml(read('Chart.yaml'))).toMatchObject({ name, version: manifest.version });
  });

  it('list every package that is shipped, at its version', () => {
    const shipped = { ...manifest.dependencies, node: manifest.devDependencies['node'] };
    const want = Object.entries(shipped).map(([name, version]) => ({ id: NAMES[name] ?? name, version }));
    const listed = parseYaml(read('oss.yaml')) as readonly {
      readonly id: string;
      readonly version: string;
    }[];
    expect(listed.map(({ id, version }) => ({ id, version })).toSorted(byId)).toEqual(want.toSorted(byId));
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

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}
