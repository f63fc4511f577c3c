import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseYaml } from '../../../../dev/manifest/yaml.ts';
import { type Component, npmComponents } from '../../../../dev/release/components.ts';
import { sbomOf } from '../../../../dev/release/sbom.ts';
import { CYCLONEDX_SCHEMA } from '../../../support/cyclonedx-schema.ts';
import { list, readText, record } from '../../../support/module-files.ts';

const isBill = new Ajv().compile(CYCLONEDX_SCHEMA);

let components: readonly Component[];

beforeAll(async () => {
  const listed = list(parseYaml(readText('oss.yaml'))).map((entry) => record(entry));
  const locked = record(JSON.parse(readText('package-lock.json')))['packages'];
  const places = listed.map(({ name }) => `node_modules/${name}`);
  components = await npmComponents(places.filter((place) => place in record(locked)));
});

const bill = () => record(JSON.parse(sbomOf('module', 'v1.0.0', components)));

describe('the bill of materials', () => {
  it('of what is shipped is one of CycloneDX 1.6', () => {
    expect(components.length).toBeGreaterThan(15);
    expect(isBill(bill()), JSON.stringify(isBill.errors)).toBe(true);
  });

  it('depends on components that it lists, each of a name of its own', () => {
    const refs = list(bill()['components']).map((one) => record(one)['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(bill()['dependencies']).toEqual([{ ref: 'module', dependsOn: refs }]);
  });

  it.each([
    ['another format', { bomFormat: 'SPDX' }],
    ['no format', { bomFormat: undefined }],
    ['a version that is text', { version: '1' }],
    ['a component without a name', { components: [{ type: 'library' }] }],
    ['an unknown type', { components: [{ type: 'package', name: 'a' }] }],
    [
      'two licence expressions',
      {
        components: [
          { type: 'library', name: 'a', licenses: [{ expression: 'MIT' }, { expression: 'ISC' }] },
        ],
      },
    ],
    [
      'a hash in base64',
      { components: [{ type: 'library', name: 'a', hashes: [{ alg: 'SHA-512', content: 'zz==' }] }] },
    ],
    ['a key that nobody knows', { purls: [] }],
  ])('is not taken for one with %s', (_what, change) => {
    expect(isBill(JSON.parse(JSON.stringify({ ...bill(), ...change })))).toBe(false);
  });
});
