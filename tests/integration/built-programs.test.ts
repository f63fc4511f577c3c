import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureProductBuilt } from '../../dev/cluster/built-product.ts';
import { type EmptyRoot, emptyRoot } from '../support/empty-root.ts';

let root: EmptyRoot;

beforeAll(async () => {
  await ensureProductBuilt();
  root = emptyRoot(['bin', 'app', 'runtime']);
}, 120_000);
afterAll(() => root?.remove());

describe('in an otherwise empty root directory', () => {
  test.each(['agent', 'controller'])('%s starts with the runtime beside it', async (name) => {
    expect(await root.run(`/bin/${name}`, ['--version'])).toEqual({
      status: 0,
      stdout: expect.stringMatching(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\n$`)),
      stderr: '',
    });
  });

  test('an unknown flag is one clear line and exit status 2', async () => {
    expect(await root.run('/bin/agent', ['--bogus'])).toEqual({
      ...{ status: 2, stdout: '' },
      stderr: 'agent: unknown flag --bogus (see --help)\n',
    });
  });
});
