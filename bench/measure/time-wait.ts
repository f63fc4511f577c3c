import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The kernel keeps a connection in TIME_WAIT for so long. */
const TIME_WAIT_SECONDS = 60;

export interface TimeWaitQuery {
  readonly netns: string;
  /** On either side of the connection. */
  readonly ports: { readonly from: number; readonly to: number };
  /** Only those that have come into this state within so many seconds. */
  readonly withinSeconds: number;
}

/** How many connections in a network namespace are in TIME_WAIT. */
export async function timeWaitCount({ netns, ports, withinSeconds }: TimeWaitQuery): Promise<number> {
  const range = (side: 'sport' | 'dport') => `( ${side} >= :${ports.from} and ${side} <= :${ports.to} )`;
  const filter = ['state', 'time-wait', `( ${range('sport')} or ${range('dport')} )`];
  const { stdout } = await run('ip', ['netns', 'exec', netns, 'ss', '-Htano', ...filter], {
    maxBuffer: 256 << 20,
  });
  const remaining = stdout.split('\n').filter((line) => line !== '');
  return remaining.filter((line) => secondsLeft(line) >= TIME_WAIT_SECONDS - withinSeconds).length;
}

/** `ss` writes what is left as `4.448ms`, `23sec` or `1min`, cut to that unit. */
function secondsLeft(line: string): number {
  const [, amount, unit] = /timewait,([\d.]+)(ms|sec|min)/.exec(line) ?? [];
  if (unit === 'min') return TIME_WAIT_SECONDS;
  return unit === 'sec' ? Number(amount) : 0;
}
