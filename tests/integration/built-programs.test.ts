import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DIST } from '../../dev/build/layout.ts';
import { ensureProductBuilt } from '../../dev/cluster/built-product.ts';

interface Result {
  readonly status: number;
  readonly output: string;
}

let root: string;

beforeAll(async () => {
  await ensureProductBuilt();
  root = mkdtempSync(join(tmpdir(), 'swh-chroot-'));
  for (const part of ['bin', 'app', 'runtime', 'hooks']) {
    cpSync(join(DIST, part), join(root, part), { recursive: true });
  }
}, 120_000);
afterAll(() => root && rmSync(root, { recursive: true, force: true }));

/** Runs a program where there is nothing but what the build has made: no /proc, no /dev, no libraries, no shell. */
function inChroot(program: string, ...args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    const env = { NODE_OPTIONS: '--no-such-option', LD_PRELOAD: '/no/such/library' };
    execFile(
      'chroot',
      [root, program, ...args],
      { env: { PATH: process.env['PATH'], ...env } },
      (error, out, err) => {
        const status = typeof error?.code === 'number' ? error.code : 0;
        // The loader of chroot itself complains about the library that does not exist.
        resolve({ status, output: `${out}${err}`.replaceAll(/^ERROR: ld\.so.*\n/gm, '') });
      },
    );
  });
}

describe('in an otherwise empty root directory', () => {
  test.each(['agent', 'controller'])('%s starts with the runtime beside it', async (name) => {
    expect(await inChroot(`/bin/${name}`, '--version')).toEqual({
      status: 0,
      output: expect.stringMatching(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\n$`)),
    });
  });

  test('an unknown flag is one clear line and exit status 2', async () => {
    expect(await inChroot('/bin/agent', '--bogus')).toEqual({
      status: 2,
      output: 'agent: unknown flag --bogus (see --help)\n',
    });
  });

  test('the hook of the module answers as a batch hook', async () => {
    const hook = '/hooks/module/service-with-healthchecks';
    const { status, output } = await inChroot(hook, 'hook', 'list');
    expect(status).toBe(0);
    expect(output).toMatch(/^Found [1-9]\d* items$/m);
    const config = await inChroot(hook, 'hook', 'config');
    expect(JSON.parse(config.output)).toMatchObject({ version: 'v1', has_settings_check: true });
    // A host that finds --config answered would take the file for a shell hook.
    expect((await inChroot(hook, '--config')).status).not.toBe(0);
  });

  test('the hook for shell-operator answers --config', async () => {
    const { status, output } = await inChroot('/hooks/shell-operator/service-with-healthchecks', '--config');
    expect({ status, config: JSON.parse(output) }).toMatchObject({
      status: 0,
      config: { configVersion: 'v1' },
    });
  });
});
