import { expect, it } from 'vitest';

import { podReportRoutes } from '../../../../images/agent/src/pod-report.ts';
import { aRequest, PoolFixture } from '../../lib/probe/probe-fixture.ts';
import { REFUSED } from '../../lib/probe/scripted-prober.ts';

it('shows the checks of a pod with their last runs, and of no other pod', async () => {
  const fixture = new PoolFixture();
  fixture.pool.assign('default/a', [aRequest()]);
  fixture.pool.assign('default/b', [aRequest()]);
  await fixture.clock.advance(1500);
  fixture.scripted.behave = () => REFUSED;
  await fixture.clock.advance(1000);
  const { '/checks': checks } = podReportRoutes({
    clock: fixture.clock,
    report: (namespace, podName) => fixture.pool.report(namespace, podName),
  });
  const asked = await checks?.(new URLSearchParams('pod=default/web-1'));
  const [check, ...others] = JSON.parse(asked?.body ?? '').checks;
  expect(others).toEqual([]);
  expect(check).toMatchObject({ owners: ['default/a', 'default/b'], address: '10.1.0.1', verdict: 'up' });
  expect(check.runs.map(({ outcome }: { outcome: string }) => outcome)).toContain('success');
  expect(check.runs.at(-1)).toMatchObject({ outcome: 'ConnectionRefused' });
  expect(new Date(check.runs.at(-1).endedAt).getTime()).toBeLessThanOrEqual(fixture.clock.now().getTime());
  expect((await checks?.(new URLSearchParams('pod=default/web-2')))?.body).toBe('{"checks":[]}\n');
  expect((await checks?.(new URLSearchParams()))?.status).toBe(400);
});
