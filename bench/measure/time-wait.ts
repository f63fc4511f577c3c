import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Connections in TIME_WAIT in the network namespace that have one of the ports, on either side. */
export async function timeWaitCount(
  netns: string,
  ports: { readonly from: number; readonly to: number },
): Promise<number> {
  const range = (side: 'sport' | 'dport') => `( ${side} >= :${ports.from} and ${side} <= :${ports.to} )`;
  const filter = ['state', 'time-wait', `( ${range('sport')} or ${range('dport')} )`];
  const { stdout } = await run('ip', ['netns', 'exec', netns, 'ss', '-Htan', ...filter], {
    maxBuffer: 64 << 20,
  });
  return stdout.split('\n').filter((line) => line !== '').length;
}
