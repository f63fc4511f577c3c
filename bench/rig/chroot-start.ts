import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DIST } from '../../dev/build/layout.ts';

const run = promisify(execFile);

/** Milliseconds from the start to the end of the module's hook where there is nothing but itself, one value a run. */
export async function chrootStarts(runs: number): Promise<readonly number[]> {
  const root = mkdtempSync(join(tmpdir(), 'swh-bench-chroot-'));
  try {
    cpSync(`${DIST}/hooks/module`, join(root, 'hooks'), { recursive: true });
    const once = async () => {
      const start = performance.now();
      await run('chroot', [root, '/hooks/service-with-healthchecks', 'hook', 'list']);
      return performance.now() - start;
    };
    // The first ones read the file from the disk.
    for (let warmUp = 0; warmUp < 3; warmUp += 1) await once();
    const values: number[] = [];
    for (let index = 0; index < runs; index += 1) values.push(await once());
    return values;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
