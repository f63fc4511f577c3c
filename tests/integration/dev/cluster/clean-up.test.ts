import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startCluster } from '../../../../dev/cluster/cluster.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';
import { leftoversOf } from './leftovers.ts';

test('a stopped cluster leaves nothing, and does not touch the one beside it', async () => {
  const [first, second] = await Promise.all([startCluster({ nodes: 1 }), startCluster({ nodes: 1 })]);
  try {
    expect(first.network.plan.block).not.toBe(second.network.plan.block);
    expect(await leftoversOf(first.host.run)).not.toEqual([]);
    await first.stop();
    expect(await leftoversOf(first.host.run)).toEqual([]);
    await expect(second.controlPlane.kubectl(['get', 'nodes', '-o', 'name'])).resolves.toContain(
      'node/node-1',
    );
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
  expect(await leftoversOf(second.host.run)).toEqual([]);
});

test('a cluster whose process was killed leaves nothing', async () => {
  const script = fileURLToPath(new URL('./abandoned-cluster.ts', import.meta.url));
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  const run = JSON.parse(line);
  expect(await leftoversOf(run)).not.toEqual([]);

  parent.kill('SIGKILL');

  await waitFor('the killed run to be cleaned up', async () => {
    const left = await leftoversOf(run);
    if (left.length > 0) throw new Error(left.join(', '));
    return true;
  });
});
