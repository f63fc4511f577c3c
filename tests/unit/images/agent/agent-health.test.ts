import { describe, expect, it } from 'vitest';
import { AgentHealth } from '../../../../images/agent/src/agent-health.ts';
import type { AnyInformer } from '../../../../images/agent/src/informers.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

const clock = new FakeClock();

function anInformer({
  hasSynced = true,
  staleSinceMs,
}: {
  hasSynced?: boolean;
  staleSinceMs?: number;
}): AnyInformer {
  return {
    hasSynced: () => hasSynced,
    staleSinceMs: () => staleSinceMs,
    lastContactMs: () => 0,
    whenSynced: async () => undefined,
    run: async () => undefined,
  };
}

/** What `/readyz` says, `at` milliseconds after the start. */
async function readiness(informers: readonly AnyInformer[], at: number): Promise<string | undefined> {
  await clock.advance(at - clock.monotonicMs());
  return new AgentHealth({ clock, informers }).ready['informers']?.();
}

describe('AgentHealth', () => {
  it('is ready when every informer has listed and is watching', async () => {
    expect(await readiness([anInformer({})], 0)).toBeUndefined();
  });

  it('is not ready before every informer has listed', async () => {
    const informers = [anInformer({}), anInformer({ hasSynced: false, staleSinceMs: 0 })];
    expect(await readiness(informers, 1)).toBe('1 of 2 informers have not listed yet');
  });

  it('stays ready through a short outage of the API and not through a long one', async () => {
    const informers = [anInformer({ staleSinceMs: 0 })];
    expect(await readiness(informers, 30_000)).toBeUndefined();
    expect(await readiness(informers, 90_000)).toBe('no contact with the API server');
  });

  it('is alive until a write is stuck', async () => {
    const health = new AgentHealth({ clock, informers: [] });
    const write = Promise.withResolvers<void>();
    const tracked = health.track(write.promise);
    await clock.advance(60_000);
    expect(health.live['slice-writes']?.()).toBeUndefined();
    await clock.advance(180_000);
    expect(health.live['slice-writes']?.()).toBe('a write has lasted for more than 180 s');
    write.resolve();
    await tracked;
    expect(health.live['slice-writes']?.()).toBeUndefined();
  });
});
