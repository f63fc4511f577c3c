import { describe, expect, test } from 'vitest';
import { parseBundleOptions } from '../../../../dev/release/bundle-options.ts';
import { parsePublishOptions } from '../../../../dev/release/publish-options.ts';
import { explainRegistryError } from '../../../../dev/release/registry-error.ts';

describe('npm run bundle', () => {
  const parse = (...args: readonly string[]) =>
    parseBundleOptions(args, { version: '0.1.0', out: 'dist/release' });

  test('makes the version of package.json by default', () => {
    expect(parse()).toEqual({ kind: 'run', version: 'v0.1.0', out: 'dist/release' });
  });

  test('takes a version and a folder', () => {
    expect(parse('--version', 'v1.2.3-rc.1', '--out', 'x')).toEqual({
      kind: 'run',
      version: 'v1.2.3-rc.1',
      out: 'x',
    });
  });

  test.each(['1.2.3', 'v1.2', 'v1.2.3+build', 'v01.2.3', 'latest', 'v1.2.3-', ''])(
    'refuses version "%s"',
    (version) => {
      expect(parse(`--version=${version}`)).toMatchObject({
        kind: 'wrong',
        message: expect.stringContaining('v1.2.3'),
      });
    },
  );
});

describe('npm run publish', () => {
  const parse = (...args: readonly string[]) => parsePublishOptions(args, 'dist/release');

  test('takes channels in any order, each once', () => {
    const channels = ['--channel', 'stable', '--channel', 'alpha', '--channel', 'alpha'];
    expect(parse('--registry', 'registry.example.com/modules/', ...channels)).toEqual({
      kind: 'run',
      registry: 'registry.example.com/modules',
      channels: ['alpha', 'stable'],
      version: undefined,
      from: 'dist/release',
    });
  });

  test.each([
    { args: [], message: '--registry is missing' },
    { args: ['--registry', 'modules/mine'], message: 'is no HOST/PATH' },
    { args: ['--registry', 'registry.example.com'], message: 'is no HOST/PATH' },
    { args: ['--registry', 'https://registry.example.com/modules'], message: 'is no HOST/PATH' },
    {
      args: ['--registry', 'r.io/m', '--channel', 'Stable'],
      message: 'no channel Stable; there are alpha, beta',
    },
    { args: ['--registry', 'r.io/m', '--version', '1'], message: '--version 1 is no version' },
    { args: ['--registry', 'r.io/m', '--force'], message: '--force' },
  ])('refuses $args', ({ args, message }) => {
    expect(parse(...args)).toMatchObject({ kind: 'wrong', message: expect.stringContaining(message) });
  });

  test.each(['localhost/modules', '127.0.0.1:5000/modules', 'registry:5000/a/b'])(
    'takes the registry %s',
    (registry) => {
      expect(parse('--registry', registry)).toMatchObject({ kind: 'run', registry });
    },
  );
});

test.each([
  {
    words: 'Error: GET https://r.io/token: UNAUTHORIZED: authentication required',
    want: 'r.io/m:v1: access denied: log in as a user who may push there: docker login r.io',
  },
  { words: 'Error: POST https://r.io/v2/: DENIED: no', want: 'r.io/m:v1: access denied' },
  {
    words: 'Error: Get "https://r.io/v2/": dial tcp: lookup r.io: no such host',
    want: 'r.io/m:v1: the registry cannot be reached',
  },
  {
    words: 'Error: Get "https://r.io/v2/": tls: failed to verify certificate: x509: unknown authority',
    want: "r.io/m:v1: the registry's certificate is not trusted",
  },
  { words: 'retrying\nError: something else', want: 'r.io/m:v1: something else' },
])('explains "$words"', ({ words, want }) => {
  expect(explainRegistryError('r.io/m:v1', words)).toContain(want);
});
