import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { pickFreePort } from '../../../../dev/cluster/free-port.ts';

test('a picked port can be listened on and lies below the range of outgoing connections', async () => {
  const port = await pickFreePort('127.0.0.1');
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  expect((server.address() as AddressInfo).port).toBe(port);
  expect(port).toBeLessThan(32_768);
  server.close();
});

test('a port that is taken is passed over', async () => {
  const asked: number[] = [];
  const port = await pickFreePort('127.0.0.1', async (_address, candidate) => asked.push(candidate) === 3);
  expect(port).toBe(asked[2]);
});

test('when nothing is free it says so', async () => {
  await expect(pickFreePort('127.0.0.1', async () => false)).rejects.toThrow(
    'no free port found at 127.0.0.1',
  );
});
