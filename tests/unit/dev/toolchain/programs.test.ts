import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cacheKey } from '../../../../dev/toolchain/cache-key.ts';
import { buildFlags, pinnedVersion, recipes } from '../../../../dev/toolchain/programs.ts';

const inputs = { files: { 'go.mod': 'a', 'go.sum': 'b' }, flags: ['-trimpath'], goVersion: 'go1.26.8' };

describe('cacheKey', () => {
  test('does not depend on the order of the files', () => {
    expect(cacheKey({ ...inputs, files: { 'go.sum': 'b', 'go.mod': 'a' } })).toBe(cacheKey(inputs));
  });

  test.each([
    { name: 'a file', other: { ...inputs, files: { ...inputs.files, 'go.sum': 'c' } } },
    { name: 'the flags', other: { ...inputs, flags: [] } },
    { name: 'the Go version', other: { ...inputs, goVersion: 'go1.27.0' } },
  ])('changes with $name', ({ other }) => {
    expect(cacheKey(other)).not.toBe(cacheKey(inputs));
  });
});

describe('pinnedVersion', () => {
  test.each([
    { name: 'in a block', goMod: 'require (\n\tk8s.io/kubernetes v1.34.4\n)', want: '1.34.4' },
    { name: 'on a line', goMod: 'require k8s.io/kubernetes v1.34.4 // why', want: '1.34.4' },
    {
      name: 'not in a replacement',
      goMod: 'replace k8s.io/kubernetes => x v9\nk8s.io/kubernetes v1.2.3',
      want: '1.2.3',
    },
  ])('is found $name', ({ goMod, want }) => {
    expect(pinnedVersion(goMod, 'k8s.io/kubernetes')).toBe(want);
  });

  test('a module that is not required is named', () => {
    expect(() => pinnedVersion('module x', 'k8s.io/kubernetes')).toThrow(
      'does not require k8s.io/kubernetes',
    );
  });

  test.each(Object.entries(recipes))('is there for %s', (_name, { module, versionedBy }) => {
    const goMod = readFileSync(new URL(`../../../../dev/go/${module}/go.mod`, import.meta.url), 'utf8');
    expect(pinnedVersion(goMod, versionedBy)).toMatch(versionedBy === undefined ? /^0$/ : /^\d+\.\d+\.\d+$/);
  });
});

test('the API server is built with the version that it will report', () => {
  expect(buildFlags(recipes['kube-apiserver'], '1.34.4').join(' ')).toContain('gitVersion=v1.34.4');
  expect(buildFlags(recipes.etcd, '3.6.4').join(' ')).not.toContain('gitVersion');
});
