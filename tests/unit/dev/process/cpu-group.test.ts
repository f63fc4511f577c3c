import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeCpuGroup } from '../../../../dev/process/cpu-group.ts';
import { ProcessHost } from '../../../../dev/process/process-host.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';

/** Groups of the run, in whichever hierarchy. */
function groupsOf({ run }: ProcessHost): readonly string[] {
  const roots = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup'].filter((root) => existsSync(root));
  return roots.flatMap((root) => readdirSync(root)).filter((name) => name.includes(run.id));
}

test('a group holds its programs back, and goes with the run although they still run', async ({ skip }) => {
  const host = ProcessHost.open();
  try {
    const made = makeCpuGroup(host, 'busy');
    if (made.kind === 'unavailable') skip(`this machine limits no processor time: ${made.reason}`);
    else {
      const busy = await host.start({ name: 'busy', command: 'sh', args: ['-c', 'while :; do :; done'] });
      made.group.add(busy.pid);
      made.group.limit(5);
      await waitFor(
        'the group to be held back',
        async () => made.group.throttling().periods >= 3 || undefined,
      );
      expect(groupsOf(host)).toHaveLength(1);
    }
  } finally {
    await host.close();
  }
  expect(groupsOf(host)).toEqual([]);
});
