/**
 * Opens connections to one address one after the other, some at a time, and resets each as soon as it stands, so that none
 * leaves its port in TIME_WAIT. Arguments: address, port, seconds. Ends with a ConnectionTally as one line of JSON.
 */
import { connect } from 'node:net';

/** What became of all connections. */
export interface ConnectionTally {
  readonly made: number;
  /** By error code. */
  readonly failures: Readonly<Record<string, number>>;
}

const AT_ONCE = 24;
/** The kernel sends a lost first packet again after one second, and after two more. */
const TIMEOUT_MS = 5_000;

const [host = '', port = '0', seconds = '0'] = process.argv.slice(2);
const endMs = performance.now() + Number(seconds) * 1000;
const failures: Record<string, number> = {};
let made = 0;

function connectAgain(): void {
  if (performance.now() > endMs) return;
  made += 1;
  const socket = connect({ host, port: Number(port), timeout: TIMEOUT_MS });
  socket.once('connect', () => socket.resetAndDestroy());
  socket.once('timeout', () => socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })));
  socket.once('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
    failures[code] = (failures[code] ?? 0) + 1;
  });
  socket.once('close', connectAgain);
}

for (let lane = 0; lane < AT_ONCE; lane++) connectAgain();
process.once('exit', () => console.log(JSON.stringify({ made, failures } satisfies ConnectionTally)));
