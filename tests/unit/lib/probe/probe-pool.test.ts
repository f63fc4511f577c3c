import { describe, expect, it } from 'vitest';
import { SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import { restored } from '#lib/core/probe/verdict.ts';
import { aRequest, PoolFixture, type RequestGiven, targetNumber } from './probe-fixture.ts';
import { REFUSED } from './scripted-prober.ts';

describe('ProbePool', () => {
  it('runs equal checks of several owners once and tells each of them', async () => {
    const fixture = new PoolFixture();
    const { pool, clock, scripted, changes } = fixture;
    pool.assign('a', [aRequest()]);
    pool.assign('b', [aRequest({ id: 'other' })]);
    await clock.advance(500);
    expect(pool.size).toBe(1);
    expect(scripted.started).toHaveLength(1);
    expect(changes.toSorted()).toEqual(['a', 'b']);
    expect([fixture.verdict('a'), fixture.verdict('b', 'other')]).toEqual(['up', 'up']);
  });

  it('runs a check until its last owner has left, then releases it', async () => {
    const { pool, clock, scripted, released } = new PoolFixture();
    pool.assign('a', [aRequest()]);
    pool.assign('b', [aRequest()]);
    pool.assign('a', []);
    await clock.advance(500);
    expect([scripted.started.length, released.length]).toEqual([1, 0]);
    pool.assign('b', []);
    await clock.advance(5000);
    expect([scripted.started.length, released.length, clock.pending, pool.size]).toEqual([1, 1, 0, 0]);
  });

  it('leaves a check once for which an owner has asked twice, so that the next ones have places of their own', async () => {
    const { pool, clock, scripted, released } = new PoolFixture();
    pool.assign('a', [aRequest({ id: 'x/0' }), aRequest({ id: 'x/1' })]);
    await clock.advance(500);
    pool.assign('a', []);
    expect([released.length, pool.size]).toEqual([1, 0]);
    const [often, seldom] = [targetNumber(1), targetNumber(2)];
    pool.assign('a', [aRequest({ id: 'often', target: often })]);
    pool.assign('b', [aRequest({ id: 'seldom', target: seldom, periodMs: 60_000 })]);
    await clock.advance(30_000);
    const runsOf = (uid: string): number =>
      scripted.started.filter(({ target }) => target.podUid === uid).length;
    expect(runsOf(often.podUid)).toBeGreaterThanOrEqual(29);
    expect(runsOf(seldom.podUid)).toBe(1);
    expect(pool.report(seldom.namespace, seldom.podName)[0]?.runs).toHaveLength(1);
  });

  const { probe, target } = aRequest().assignment;
  const different: readonly { name: string; given: RequestGiven }[] = [
    { name: 'another pod', given: { target: { ...target, podUid: 'uid-2' } } },
    { name: 'another address', given: { target: { ...target, address: '10.1.0.2' } } },
    { name: 'another port', given: { target: { ...target, port: 8081 } } },
    { name: 'another threshold', given: { probe: { ...probe, failureThreshold: 9 } } },
    { name: 'another period', given: { periodMs: 2000 } },
    { name: 'another container', given: { startedAtSeconds: 5 } },
    { name: 'a sentinel', given: { sentinel: true } },
  ];
  it.each(different)('does not share with $name', ({ given }) => {
    const { pool } = new PoolFixture();
    pool.assign('a', [aRequest()]);
    pool.assign('b', [aRequest(given)]);
    expect(pool.size).toBe(2);
  });

  it('shares a port given by name with the same one given by number', () => {
    const { pool } = new PoolFixture();
    pool.assign('a', [aRequest()]);
    pool.assign('b', [aRequest({ probe: { ...probe, port: 'http' } })]);
    expect(pool.size).toBe(1);
  });

  it('does not disturb a check that is assigned again', async () => {
    const fixture = new PoolFixture();
    const { pool, clock, scripted } = fixture;
    pool.assign('a', [aRequest()]);
    await clock.advance(500);
    pool.assign('a', [aRequest({ start: { firstRun: 'unknown', state: restored('down', 'x') } })]);
    await clock.advance(400);
    expect([scripted.started.length, fixture.verdict()]).toEqual([1, 'up']);
  });

  it('keeps a check that moves to another id', async () => {
    const fixture = new PoolFixture();
    const { pool, clock, released } = fixture;
    pool.assign('a', [aRequest()]);
    await clock.advance(500);
    pool.assign('a', [aRequest({ id: 'uid-web-1/IPv4/1' })]);
    expect([fixture.verdict('a', 'uid-web-1/IPv4/1'), released.length]).toEqual(['up', 0]);
  });

  it('holds a sentinel once a target has answered, until nobody asks for it', async () => {
    const { pool, clock, scripted, held } = new PoolFixture();
    scripted.behave = (_target, count) => (count === 1 ? REFUSED : SUCCESS);
    pool.assign('a', [aRequest({ sentinel: true })]);
    await clock.advance(500);
    expect(held.size).toBe(0);
    await clock.advance(1000);
    expect([...held]).toEqual([target]);
    pool.assign('a', []);
    expect(held.size).toBe(0);
  });

  it('lets go of the sentinel of a target that is down, and holds it again when it is back', async () => {
    const fixture = new PoolFixture();
    const { pool, clock, scripted, held } = fixture;
    const start = { firstRun: 'restored', state: restored('up') } as const;
    scripted.behave = (_target, count) => (count === 1 || count > 4 ? SUCCESS : REFUSED);
    pool.assign('a', [aRequest({ sentinel: true, start })]);
    await clock.advance(1500);
    expect({ verdict: fixture.verdict(), held: held.size }).toEqual({ verdict: 'up', held: 1 });
    await clock.advance(1000);
    expect({ verdict: fixture.verdict(), held: held.size }).toEqual({ verdict: 'down', held: 0 });
    await clock.advance(2000);
    expect({ verdict: fixture.verdict(), held: held.size }).toEqual({ verdict: 'up', held: 1 });
  });

  it('holds no sentinel that nobody asked for', async () => {
    const { pool, clock, held } = new PoolFixture();
    pool.assign('a', [aRequest()]);
    await clock.advance(500);
    expect(held.size).toBe(0);
  });

  it('runs the checks that are meant at once', async () => {
    const fixture = new PoolFixture();
    const { pool, clock, scripted } = fixture;
    pool.assign('a', [aRequest({ probe: { ...probe, failureThreshold: 1 } })]);
    await clock.advance(500);
    scripted.behave = () => REFUSED;
    pool.probeNow(() => false);
    await clock.advance(1);
    expect(fixture.verdict()).toBe('up');
    pool.probeNow((assignment) => assignment.target === target);
    await clock.advance(1);
    expect(fixture.verdict()).toBe('down');
  });

  it('a hung target delays no other', async () => {
    const { pool, clock, scripted, lateness } = new PoolFixture();
    scripted.behave = ({ podName }) => (podName === 'web-0' ? 'hang' : SUCCESS);
    const many = Array.from({ length: 50 }, (_, index) =>
      aRequest({ id: `${index}`, target: targetNumber(index) }),
    );
    pool.assign('a', many);
    await clock.advance(5000);
    expect(Math.max(...lateness)).toBeLessThan(1);
    const runsOf = (name: string) => scripted.started.filter((one) => one.target.podName === name).length;
    expect(runsOf('web-7')).toBeGreaterThanOrEqual(4);
  });

  it('holds one timer for each check at rest, and one for all', async () => {
    const { pool, clock } = new PoolFixture();
    const many = Array.from({ length: 50 }, (_, index) =>
      aRequest({ id: `${index}`, target: targetNumber(index) }),
    );
    pool.assign('a', many);
    await clock.advance(5000);
    expect(clock.pending).toBeLessThanOrEqual(51);
  });
});
