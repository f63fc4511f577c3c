import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { providePrograms } from '../../../../dev/toolchain/toolchain.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolchain-test-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

const quiet = () => undefined;

test('programs that lie in KUBEBUILDER_ASSETS are taken from there', async () => {
  for (const name of ['etcd', 'kubectl']) writeFileSync(join(directory, name), '', { mode: 0o755 });
  const env = { KUBEBUILDER_ASSETS: directory };
  await expect(providePrograms(['etcd', 'kubectl'], { env, progress: quiet })).resolves.toEqual({
    etcd: join(directory, 'etcd'),
    kubectl: join(directory, 'kubectl'),
  });
});

test('without Go it says what to do', async () => {
  const env = { PATH: directory, KUBEBUILDER_ASSETS: directory, XDG_CACHE_HOME: directory };
  await expect(providePrograms(['etcd'], { env, progress: quiet })).rejects.toThrow(
    /install Go .* or set KUBEBUILDER_ASSETS/,
  );
});
