import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range that Linux takes for outgoing connections (32768 and up), so that a server which is stopped
 * for a while finds its port free again.
 */
const range = { from: 20_000, to: 32_000 } as const;

/**
 * A TCP port on which nothing listens at `address` at this moment. Two runs draw from the same range at random,
 * so that they rarely meet; `isFree` is a parameter for tests.
 */
export async function pickFreePort(
  address: string,
  isFree: (address: string, port: number) => Promise<boolean> = canListen,
): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(range.from, range.to);
    if (await isFree(address, port)) return port;
  }
  throw new Error(`no free port found at ${address} between ${range.from} and ${range.to}`);
}

async function canListen(address: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
