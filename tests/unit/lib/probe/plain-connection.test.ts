import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Target } from '#lib/core/probe/target.ts';
import { errorCode } from '#lib/probe/connect-error.ts';
import { PlainConnection } from '#lib/probe/plain-connection.ts';
import {
  aFullListener,
  closedPort,
  eventually,
  type LoopbackServer,
  serve,
  targetOf,
  timeWaits,
} from '../../../support/loopback-server.ts';

let server: LoopbackServer | undefined;
let opened: PlainConnection[] = [];
afterEach(async () => {
  for (const connection of opened) connection.close();
  opened = [];
  await server?.stop();
  server = undefined;
});

interface Told {
  readonly connection: PlainConnection;
  /** What was told, in order: `connect`, `end`, `error CODE`, or the text of bytes. */
  readonly events: readonly string[];
}

/** Dials and writes down what is told; `onConnect` is called in the event of that name. */
function dial(target: Target, onConnect: (connection: PlainConnection) => void = () => {}): Told {
  const events: string[] = [];
  const connection: PlainConnection = new PlainConnection(target, {
    onConnect: () => {
      events.push('connect');
      onConnect(connection);
    },
    onBytes: (bytes) => events.push(bytes.toString()),
    onEnd: () => events.push('end'),
    onError: (error) => events.push(`error ${errorCode(error)}`),
  });
  opened.push(connection);
  return { connection, events };
}

async function served(serveOne: (socket: Socket) => void, address?: string): Promise<LoopbackServer> {
  server = await serve(serveOne, address);
  return server;
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('a plain connection', () => {
  test.each(['127.0.0.1', '::1'])('to %s writes, reads and hears of the end', async (address) => {
    const { target } = await served(
      (socket) => socket.on('data', (bytes) => socket.end(`got ${bytes}`)),
      address,
    );
    const { events } = dial(target, (connection) => connection.write('grüße'));
    expect(events).toEqual([]);
    await eventually(() => events.length === 3, 'the server has ended');
    expect(events).toEqual(['connect', 'got grüße', 'end']);
  });

  test('leaves no TIME_WAIT and no descriptor, and tells nothing once it is closed', async () => {
    const before = descriptors();
    const { target, sockets } = await served((socket) => socket.write('hello'));
    const { connection, events } = dial(target, () => connection.close());
    await eventually(() => sockets[0]?.destroyed === true, 'the server has lost it');
    connection.close();
    await server?.stop();
    await eventually(() => descriptors() <= before, 'its descriptor is gone');
    expect({ events, timeWaits: timeWaits(target.port) }).toEqual({ events: ['connect'], timeWaits: 0 });
  });

  test('that does not stand yet is dropped in silence', async () => {
    const { target, stop } = await aFullListener();
    const before = descriptors();
    const { connection, events } = dial(target);
    expect(descriptors()).toBe(before + 1);
    connection.close();
    await eventually(() => descriptors() === before, 'its descriptor is gone');
    await stop();
    expect(events).toEqual([]);
  });

  test('holds more than the socket buffers take', async () => {
    const text = 'x'.repeat(8 << 20);
    const { target, received } = await served(() => {});
    dial(target, (connection) => connection.write(text));
    await eventually(() => received().length === text.length, 'everything has arrived');
  });
});

describe('a plain connection that fails says so', () => {
  test('where nothing listens', async () => {
    const { events } = dial(targetOf(await closedPort()));
    await eventually(() => events.length > 0, 'it is told');
    expect(events).toEqual(['error ECONNREFUSED']);
  });

  test('where the peer resets it', async () => {
    const { target } = await served((socket) => void socket.resetAndDestroy());
    const { events } = dial(target);
    // The reset may come before it is known that the connection stood.
    await eventually(() => events.at(-1) === 'error ECONNRESET', 'it is told');
    expect(events.length).toBeLessThanOrEqual(2);
  });

  test('where it is written to after a reset', async () => {
    const { target, sockets } = await served(() => {});
    const { connection, events } = dial(target);
    await eventually(() => sockets.length === 1 && events.length === 1, 'it stands');
    sockets[0]?.resetAndDestroy();
    await eventually(() => events.length === 2, 'the reset is told');
    connection.write('too late');
    await eventually(() => events.length === 3, 'the write has failed');
    expect(events).toEqual(['connect', 'error ECONNRESET', 'error EPIPE']);
  });

  test.each(['localhost', 'example.invalid', ''])(
    'where "%s" is no address, without looking it up',
    async (name) => {
      const { events } = dial(targetOf(80, name));
      await eventually(() => events.length > 0, 'it is told');
      expect(events).toEqual(['error EINVAL']);
    },
  );

  test.each([0, -1, 70_000, Number.NaN])('and throws where %d is no port', (port) => {
    expect(() => dial(targetOf(port))).toThrow(RangeError);
  });
});
