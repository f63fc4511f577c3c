import { type Lane, restartServer, type Watchers } from './notice-lane.ts';

/** What can happen to a target, and what is wanted of us. Times in milliseconds. */
export interface Fault {
  readonly name: string;
  /** As the table calls it, and its end. */
  readonly what: string;
  readonly end: string;
  /** Makes the target fail; the instant at which it does, epoch in milliseconds. */
  inflict(lane: Lane, watchers: Watchers): Promise<number | undefined>;
  /** Undoes it; the instant from which the target answers. */
  recover(lane: Lane, watchers: Watchers): Promise<number | undefined>;
  /** The p99 from the fault to the update of the slice. */
  readonly atMostMs: number;
  /** Our worst round against HAProxy's. */
  readonly ofHaproxy?: number;
}

const closed: Fault = {
  ...{ name: 'close', what: 'port closed', end: 'port open again', atMostMs: 300, ofHaproxy: 0.5 },
  inflict: ({ targets }) => targets.send('close'),
  recover: ({ targets }) => targets.send('open'),
};

const killed: Fault = {
  ...{ name: 'kill', what: 'process killed (-9)', end: 'process started', atMostMs: 300, ofHaproxy: 0.5 },
  async inflict({ targets }) {
    targets.process.kill('SIGKILL');
    return nowMs();
  },
  recover: (lane, { rig }) => restartServer(rig, lane),
};

const frozen: Fault = {
  ...{ name: 'freeze', what: 'process frozen (SIGSTOP)', end: 'SIGCONT', atMostMs: 2200, ofHaproxy: 0.6 },
  async inflict({ targets }) {
    targets.process.kill('SIGSTOP');
    return nowMs();
  },
  async recover({ targets }) {
    targets.process.kill('SIGCONT');
    return nowMs();
  },
};

const dropped: Fault = {
  ...{ name: 'drop', what: 'packets dropped (nft)', end: 'packets pass again', atMostMs: 2200 },
  async inflict({ port }, { drop }) {
    await drop.add(port);
    return nowMs();
  },
  async recover({ port }, { drop }) {
    // The first packets pass before the command has ended, and the endpoint may be back by then.
    const atMs = nowMs();
    await drop.remove(port);
    return atMs;
  },
};

const answered503: Fault = {
  ...{ name: '503', what: 'HTTP 503', end: 'HTTP 200 again', atMostMs: 1200 },
  inflict: ({ targets }) => targets.send('fail'),
  recover: ({ targets }) => targets.send('heal'),
};

/** All of them, in the order of the table. */
export const FAULTS: readonly Fault[] = [closed, killed, frozen, dropped, answered503];

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
