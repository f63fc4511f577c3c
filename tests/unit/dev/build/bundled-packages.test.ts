import { describe, expect, test } from 'vitest';
import { bundledPackages } from '../../../../dev/build/bundled-packages.ts';

function metafile(inputs: Readonly<Record<string, number>>) {
  const sizes = Object.entries(inputs).map(([path, bytesInOutput]) => [path, { bytesInOutput }]);
  return {
    inputs: {},
    outputs: {
      'out.cjs': { bytes: 0, inputs: Object.fromEntries(sizes), imports: [], exports: [] },
    },
  };
}

describe('bundledPackages', () => {
  test('are those with bytes in a bundle, at their place in the lock file', () => {
    const files = metafile({
      'lib/core/x.ts': 10,
      '../main/node_modules/pg/lib/index.js': 10,
      '../main/node_modules/pg/lib/other.js': 10,
      'node_modules/a/node_modules/@b/c/d.js': 1,
      'node_modules/shaken-off/index.js': 0,
    });
    const again = metafile({ 'node_modules/pg/lib/index.js': 5 });
    expect(bundledPackages([files, again])).toEqual(['node_modules/a/node_modules/@b/c', 'node_modules/pg']);
  });
});
