import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Target } from '#lib/core/probe/target.ts';
import { Sentinels } from '#lib/probe/sentinel.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import {
  closedPort,
  eventually,
  type LoopbackServer,
  serve,
  socketStates,
  targetOf,
  timeWaits,
} from '../../../support/loopback-server.ts';

let clock: FakeClock;
let ended: Target[];
let sentinels: Sentinels;
let server: LoopbackServer;

beforeEach(async () => {
  clock = new FakeClock();
  ended = [];
  sentinels = new Sentinels({ clock, onEnd: (target) => ended.push(target) });
  server = await serve(() => {});
});
afterEach(async () => {
  sentinels.stop();
  await server.stop();
});

async function opened(count: number): Promise<void> {
  await eventually(() => server.sockets.length === count, `${count} connections`);
}

/** Closes the latest connection from the server's side and waits until that is noticed. */
async function closeLatest(): Promise<void> {
  const before = ended.length;
  server.sockets.at(-1)?.end();
  await eventually(() => ended.length === before + 1, 'the end is told');
}

describe('a held connection', () => {
  test('is one a target, however often it is asked for, and sends nothing', async () => {
    sentinels.hold(server.target);
    sentinels.hold(server.target);
    await opened(1);
    sentinels.hold(server.target);
    expect(server.sockets).toHaveLength(1);
    expect(server.received()).toHaveLength(0);
  });

  test.each([
    { name: 'closed', end: (own: LoopbackServer) => own.sockets[0]?.end() },
    { name: 'reset', end: (own: LoopbackServer) => own.sockets[0]?.resetAndDestroy() },
  ])('that is $name is told once and leaves no TIME_WAIT', async ({ end }) => {
    sentinels.hold(server.target);
    await opened(1);
    end(server);
    await eventually(() => ended.length > 0, 'the end is told');
    await eventually(() => socketStates(server.port).length === 0, 'no socket is left');
    expect(ended).toEqual([server.target]);
    expect(timeWaits(server.port)).toBe(0);
  });

  test('whose server greets first still tells its end', async () => {
    sentinels.hold(server.target);
    await opened(1);
    server.sockets[0]?.write('220 mail ready\r\n');
    await closeLatest();
    expect(ended).toEqual([server.target]);
  });

  test('that is flooded is given up', async () => {
    sentinels.hold(server.target);
    await opened(1);
    server.sockets[0]?.write(Buffer.alloc(200_000));
    await eventually(() => server.sockets[0]?.destroyed === true, 'the connection is gone');
  });

  test('that we release or stop is not told', async () => {
    sentinels.hold(server.target);
    await opened(1);
    sentinels.release(server.target);
    await eventually(() => server.sockets[0]?.destroyed === true, 'released');
    sentinels.hold(server.target);
    await opened(2);
    sentinels.stop();
    await eventually(() => server.sockets[1]?.destroyed === true, 'stopped');
    expect(ended).toEqual([]);
  });
});

describe('opening again', () => {
  test('comes with the next success after a long life', async () => {
    sentinels.hold(server.target);
    await opened(1);
    await clock.advance(10_000);
    await closeLatest();
    expect(server.sockets).toHaveLength(1);
    sentinels.hold(server.target);
    await opened(2);
  });

  test('waits longer and longer for a server that closes idle connections soon', async () => {
    sentinels.hold(server.target);
    await opened(1);
    for (const [index, pauseMs] of [10_000, 20_000, 40_000].entries()) {
      await closeLatest();
      await clock.advance(pauseMs - 1);
      sentinels.hold(server.target);
      // The kernel has the connection as soon as it is dialled, which Node does in the next tick.
      await new Promise((resolve) => setImmediate(resolve));
      expect(socketStates(server.port).filter((state) => state === '01')).toEqual([]);
      await clock.advance(1);
      sentinels.hold(server.target);
      await opened(index + 2);
    }
  });

  test('waits too where nobody listens, and tells nothing', async () => {
    const target = targetOf(await closedPort());
    sentinels.hold(target);
    await eventually(() => socketStates(target.port).length === 0, 'refused');
    expect(ended).toEqual([]);
  });
});
