import { describe, expect, test } from 'vitest';
import type { RuntimeOrigin } from '../../../../dev/build/runtime.ts';
import { type Component, npmComponents, runtimeComponents } from '../../../../dev/release/components.ts';
import { ossList } from '../../../../dev/release/oss-list.ts';
import { sbomOf } from '../../../../dev/release/sbom.ts';

const libc = { package: 'libc6', version: '2.36-9+deb12u14', architecture: 'amd64', source: 'glibc' };
const stdcxx = { package: 'libstdc++6', version: '12.2.0-14', architecture: 'amd64', source: 'gcc-12' };

describe('npmComponents', () => {
  test('have version, licence and hash of the lock file', async () => {
    const [pg] = await npmComponents(['node_modules/pg']);
    expect(pg).toMatchObject({
      id: 'pg',
      license: 'MIT',
      link: 'https://github.com/brianc/node-postgres',
      purl: `pkg:npm/pg@${pg?.version}`,
      sha512: expect.stringMatching(/^[0-9a-f]{128}$/),
    });
  });

  test('refuse a package that the lock file does not know', async () => {
    await expect(npmComponents(['node_modules/nobody'])).rejects.toThrow('no licence of node_modules/nobody');
  });
});

describe('runtimeComponents', () => {
  const origin: RuntimeOrigin = {
    node: process.version,
    libraries: [
      { file: 'libc.so.6', debian: libc },
      { file: 'libm.so.6', debian: libc },
      { file: 'libstdc++.so.6', debian: stdcxx },
    ],
  };

  test('name each source package once, with the version of upstream', async () => {
    const components = await runtimeComponents(origin, 'go1.26.8');
    expect(components.map(({ id, version }) => `${id} ${version}`)).toEqual([
      `nodejs ${process.version.slice(1)}`,
      'go 1.26.8',
      'glibc 2.36',
      'gcc-runtime-libraries 12.2.0',
    ]);
    expect(components.map(({ purl }) => purl)).toContain(
      'pkg:deb/debian/glibc@2.36-9%2Bdeb12u14?arch=source',
    );
  });

  test.each([
    {
      name: 'another Node than the lock file has',
      wrong: { ...origin, node: 'v1.0.0' },
      message: 'the runtime is v1.0.0',
    },
    {
      name: 'a library of unknown origin',
      wrong: { ...origin, libraries: [{ file: 'libx.so' }] },
      message: 'libx.so of the runtime is from no Debian package',
    },
    {
      name: 'a library of unknown licence',
      wrong: { ...origin, libraries: [{ file: 'libx.so', debian: { ...libc, source: 'xlib' } }] },
      message: 'name the licence of xlib',
    },
  ])('refuse $name', async ({ wrong, message }) => {
    await expect(runtimeComponents(wrong, 'go1.26.8')).rejects.toThrow(message);
  });
});

const component = (id: string, sha512?: string): Component => ({
  id,
  name: id,
  version: '1.0.0',
  description: 'd',
  link: 'https://example.com',
  license: 'MIT OR Apache-2.0',
  purl: `pkg:npm/${id}@1.0.0`,
  ...(sha512 !== undefined && { sha512 }),
});

test('the bill of materials does not depend on the order of what is found', () => {
  const [a, b] = [component('a', 'ff'), component('b')];
  const bill = sbomOf('module', 'v1.0.0', [b, a]);
  expect(sbomOf('module', 'v1.0.0', [a, b])).toBe(bill);
  expect(JSON.parse(bill)).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { name: 'module', version: 'v1.0.0' } },
    components: [
      { purl: a.purl, licenses: [{ expression: a.license }], hashes: [{ alg: 'SHA-512', content: 'ff' }] },
      { purl: b.purl },
    ],
    dependencies: [{ ref: 'module', dependsOn: [a.purl, b.purl] }],
  });
});

test('oss.yaml is ordered by id and quotes what YAML would take for a number', () => {
  const glibc = { ...component('glibc'), version: '2.36' };
  const text = ossList([glibc, component('a')]);
  expect(text.indexOf('- id: a')).toBeLessThan(text.indexOf('- id: glibc'));
  expect(text).toContain("version: '2.36'");
});
