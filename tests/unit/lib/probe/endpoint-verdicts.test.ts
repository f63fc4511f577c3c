import { describe, expect, it } from 'vitest';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import type { Healthcheck } from '#lib/core/probe/probe.ts';
import { SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { Known } from '#lib/core/probe/probe-start.ts';
import { trackEndpoints } from '#lib/core/probe/target-tracker.ts';
import { EndpointVerdicts } from '#lib/probe/endpoint-verdicts.ts';
import { anSwh, aPod, aPostgresqlProbe, aTcpProbe, type PodGiven } from '../../../support/builders.ts';
import { PoolFixture } from './probe-fixture.ts';
import { REFUSED } from './scripted-prober.ts';

const NOTHING = (): Known => ({ from: 'nothing' });
const PROBE = aTcpProbe({ successThreshold: 1, failureThreshold: 2 });
const FAST: Partial<Healthcheck> = { initialDelayMs: 0, periodMs: 1000, probes: [PROBE] };

class Fixture {
  readonly base = new PoolFixture();
  readonly changes: string[] = [];
  readonly transitions: string[] = [];
  readonly verdicts = new EndpointVerdicts({
    ...this.base.deps,
    onChange: (owner) => void this.changes.push(owner),
    onTransition: ({ verdict }) => void this.transitions.push(verdict.isUp ? 'up' : 'down'),
  });

  /** Assigns the pod `web-1` to the owner `default/web`. */
  assign(healthcheck: Partial<Healthcheck>, pod: PodGiven = {}, restore: () => Known = NOTHING): void {
    const swh = anSwh({ healthcheck: { ...FAST, ...healthcheck } });
    const endpoints = trackEndpoints(swh, [aPod(pod)]);
    this.verdicts.assign('default/web', { healthcheck: swh.healthcheck, endpoints }, restore);
  }

  get verdict(): EndpointVerdict | undefined {
    return this.verdicts.lookup('default/web')('uid-web-1', 'IPv4');
  }

  advance(ms: number): Promise<void> {
    return this.base.clock.advance(ms);
  }
}

const startedAt = (time: string): PodGiven => ({
  containerStatuses: [{ name: 'main', ready: true, state: { running: { startedAt: time } } }],
});

describe('EndpointVerdicts', () => {
  it('starts down, says why, and goes up', async () => {
    const fixture = new Fixture();
    fixture.assign({});
    expect(fixture.verdict).toEqual({
      isUp: false,
      hasBeenUp: false,
      since: '2026-01-01T00:00:00Z',
      failed: [{ index: 0, probe: 'tcp:10.1.0.1:8080', message: 'not probed yet' }],
    });
    await fixture.advance(500);
    expect(fixture.verdict).toMatchObject({ isUp: true, hasBeenUp: true, failed: [] });
    expect([fixture.changes, fixture.transitions]).toEqual([['default/web'], ['up']]);
  });

  it('tells of a transition and of nothing else', async () => {
    const fixture = new Fixture();
    fixture.assign({});
    await fixture.advance(2500);
    fixture.base.scripted.behave = () => REFUSED;
    await fixture.advance(10_000);
    expect(fixture.transitions).toEqual(['up', 'down']);
    expect(fixture.changes).toHaveLength(2);
    const [failed] = fixture.verdict?.failed ?? [];
    expect(failed?.message).toBe('refused');
    expect(fixture.verdict).toMatchObject({ isUp: false, hasBeenUp: true, since: '2026-01-01T00:00:04Z' });
  });

  it('combines probes by the requirement', async () => {
    const fixture = new Fixture();
    fixture.base.scripted.behave = ({ port }) => (port === 1 ? REFUSED : SUCCESS);
    const probes = [aTcpProbe({ port: 1 }), aTcpProbe({ port: 2 })];
    fixture.assign({ probes, requirement: { type: 'Any' } });
    await fixture.advance(500);
    expect(fixture.verdict).toMatchObject({ isUp: true, failed: [{ index: 0, message: 'refused' }] });
    fixture.assign({ probes, requirement: { type: 'All' } });
    expect(fixture.verdict?.isUp).toBe(false);
  });

  it('is down without a worker where the port cannot be found', async () => {
    const fixture = new Fixture();
    fixture.assign({ probes: [aTcpProbe({ port: 'absent' })] });
    await fixture.advance(3000);
    expect(fixture.base.scripted.started).toHaveLength(0);
    expect(fixture.verdict?.failed).toEqual([
      {
        index: 0,
        probe: 'tcp:10.1.0.1:absent',
        message: 'no container of the pod declares a TCP port named absent',
      },
    ]);
  });

  it.each([
    { probe: PROBE, held: 1 },
    { probe: aPostgresqlProbe(), held: 0 },
  ])('holds a sentinel beside a probe of kind $probe.kind: $held', async ({ probe, held }) => {
    const fixture = new Fixture();
    fixture.assign({ sentinel: true, probes: [probe] });
    await fixture.advance(500);
    expect(fixture.base.held.size).toBe(held);
  });

  it('forgets the verdicts of endpoints that go', async () => {
    const fixture = new Fixture();
    fixture.assign({});
    await fixture.advance(500);
    fixture.assign({}, { phase: 'Failed' });
    expect([fixture.verdict, fixture.verdicts.size]).toEqual([undefined, 0]);
  });
});

describe('a changed definition', () => {
  const changed: Partial<Healthcheck> = { probes: [{ ...PROBE, timeoutMs: 555 }] };

  it('does not make a healthy endpoint leave, and is probed at once', async () => {
    const fixture = new Fixture();
    fixture.assign({ periodMs: 60_000 });
    await fixture.advance(500);
    fixture.assign({ ...changed, periodMs: 60_000 });
    expect(fixture.verdict?.isUp).toBe(true);
    await fixture.advance(100);
    expect(fixture.base.scripted.started).toHaveLength(2);
    expect(fixture.transitions).toEqual(['up']);
  });

  it('makes it leave with its first failure', async () => {
    const fixture = new Fixture();
    fixture.assign({ periodMs: 60_000 });
    await fixture.advance(500);
    fixture.base.scripted.behave = () => REFUSED;
    fixture.assign({ ...changed, periodMs: 60_000 });
    await fixture.advance(100);
    expect(fixture.verdict?.isUp).toBe(false);
  });

  it('takes a further probe in without making the endpoint leave', async () => {
    const fixture = new Fixture();
    fixture.assign({});
    await fixture.advance(500);
    fixture.assign({ probes: [aTcpProbe({ port: 9 }), PROBE] });
    expect(fixture.verdict?.isUp).toBe(true);
    await fixture.advance(500);
    expect(fixture.transitions).toEqual(['up']);
  });

  it('keeps an unhealthy endpoint down until the success threshold', async () => {
    const fixture = new Fixture();
    fixture.base.scripted.behave = () => REFUSED;
    fixture.assign({});
    await fixture.advance(500);
    fixture.base.scripted.behave = () => SUCCESS;
    fixture.assign({ probes: [{ ...PROBE, successThreshold: 2 }] });
    await fixture.advance(500);
    expect(fixture.verdict?.isUp).toBe(false);
    await fixture.advance(2000);
    expect(fixture.verdict?.isUp).toBe(true);
  });
});

describe('a new state', () => {
  const cases: readonly { name: string; pod: PodGiven }[] = [
    { name: 'a restarted container', pod: startedAt('2026-01-01T00:10:00Z') },
    { name: 'another pod', pod: { uid: 'uid-2' } },
    { name: 'another address', pod: { ips: ['10.1.0.7'] } },
  ];
  it.each(cases)('begins with $name', async ({ pod }) => {
    const fixture = new Fixture();
    fixture.assign({});
    await fixture.advance(500);
    fixture.assign({}, pod);
    const verdict = fixture.verdicts.lookup('default/web')(pod.uid ?? 'uid-web-1', 'IPv4');
    expect(verdict).toMatchObject({ isUp: false, hasBeenUp: false, failed: [{ message: 'not probed yet' }] });
  });

  it('does not begin with a pod that only changes its readiness', async () => {
    const fixture = new Fixture();
    fixture.assign({});
    await fixture.advance(500);
    fixture.assign({}, { isReady: false, labels: { app: 'web', more: 'x' } });
    expect(fixture.verdict?.isUp).toBe(true);
  });
});

describe('the initial delay', () => {
  const delayed = { initialDelayMs: 5000 };
  const stopped: PodGiven = { containerStatuses: [{ name: 'main', ready: false }] };

  it('counts from the start of the container, and begins anew when that is restarted', async () => {
    const fixture = new Fixture();
    const { started } = fixture.base.scripted;
    fixture.assign(delayed, startedAt('2026-01-01T00:00:00Z'));
    await fixture.advance(4999);
    expect(started).toHaveLength(0);
    await fixture.advance(1001);
    expect(fixture.verdict?.isUp).toBe(true);

    fixture.assign(delayed, stopped);
    expect(fixture.verdict?.failed).toMatchObject([{ message: expect.stringContaining('is not running') }]);
    const runs = started.length;
    await fixture.advance(4000);
    fixture.assign(delayed, startedAt('2026-01-01T00:00:10Z'));
    await fixture.advance(4999);
    expect(started).toHaveLength(runs);
    expect(fixture.verdict?.isUp).toBe(false);
    await fixture.advance(1001);
    expect(started.length).toBeGreaterThan(runs);
    expect(fixture.verdict?.isUp).toBe(true);
  });

  it('begins anew with a restart that nobody saw happen', async () => {
    const fixture = new Fixture();
    const { started } = fixture.base.scripted;
    fixture.assign(delayed, startedAt('2026-01-01T00:00:00Z'));
    await fixture.advance(8000);
    const runs = started.length;
    fixture.assign(delayed, startedAt('2026-01-01T00:00:08Z'));
    await fixture.advance(4999);
    expect(started).toHaveLength(runs);
  });
});

describe('a restart of the agent', () => {
  const up: EndpointVerdict = { isUp: true, hasBeenUp: true, since: '2026-01-01T00:00:00Z', failed: [] };
  const down: EndpointVerdict = {
    isUp: false,
    hasBeenUp: true,
    since: '2026-01-01T00:00:00Z',
    failed: [{ index: 0, probe: 'tcp:10.1.0.1:8080', message: 'refused' }],
  };
  const sameDefinition = (verdict: EndpointVerdict) => (): Known => ({
    from: 'slice',
    verdict,
    isSameDefinition: true,
  });

  it.each([up, down])('goes on from what is published: %o', async (verdict) => {
    const fixture = new Fixture();
    fixture.base.scripted.behave = () => (verdict.isUp ? SUCCESS : REFUSED);
    fixture.base.clock.setWallClock('2026-01-02T00:00:00Z');
    fixture.assign({}, {}, sameDefinition(verdict));
    expect(fixture.verdict).toEqual(verdict);
    await fixture.advance(5000);
    expect(fixture.verdict).toEqual(verdict);
    expect(fixture.changes).toEqual([]);
  });

  it('needs the failure threshold to turn down', async () => {
    const fixture = new Fixture();
    fixture.base.scripted.behave = () => REFUSED;
    fixture.assign({ periodMs: 1000 }, {}, sameDefinition(up));
    await fixture.advance(999);
    expect(fixture.verdict?.isUp).toBe(true);
    await fixture.advance(1001);
    expect(fixture.verdict?.isUp).toBe(false);
  });

  it('with another definition turns down with the first failure', async () => {
    const fixture = new Fixture();
    fixture.base.scripted.behave = () => REFUSED;
    fixture.assign({}, {}, () => ({ from: 'slice', verdict: up, isSameDefinition: false }));
    expect(fixture.verdict?.isUp).toBe(true);
    await fixture.advance(100);
    expect(fixture.verdict?.isUp).toBe(false);
  });

  it('with a container that is younger than the verdict turns down with the first failure', async () => {
    const fixture = new Fixture();
    fixture.base.scripted.behave = () => REFUSED;
    fixture.assign({}, startedAt('2026-01-01T00:05:00Z'), sameDefinition(up));
    expect(fixture.verdict?.isUp).toBe(true);
    await fixture.advance(100);
    expect(fixture.verdict?.isUp).toBe(false);
  });
});
