import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './notice-fault.ts';
import { endpointChange, type Lane, type Watchers } from './notice-lane.ts';

/** From one instant to what each side made of it, in milliseconds. */
export interface Noticed {
  readonly ours: number;
  readonly haproxy: number;
  /** The object with failureThreshold 1 and no fast period. */
  readonly plain: number;
}

/** One fault and its end. */
export interface Round {
  readonly fault: Noticed;
  readonly recovery: Noticed;
  /** From the first answer that failed the plain object's probe to its slice; only where there was an answer. */
  readonly plainSinceAnswer: number | undefined;
}

const PERIOD_MS = 1000;
/** After both sides are back: the sentinel and the kept results of earlier probes are in place. */
const SETTLE_MS = 300;
const DEADLINE_MS = 20_000;

/** Rounds of one fault, spread over the lanes; no two of one lane at a time. */
export async function measureRounds(
  watchers: Watchers,
  lanes: readonly Lane[],
  { fault, rounds }: { readonly fault: Fault; readonly rounds: number },
): Promise<readonly Round[]> {
  const done: Round[] = [];
  let left = rounds;
  const work = async (lane: Lane): Promise<void> => {
    while (left > 0) {
      left -= 1;
      done.push(await measureRound(watchers, lane, fault));
    }
  };
  await Promise.all(lanes.map(work));
  return done;
}

async function measureRound(watchers: Watchers, lane: Lane, fault: Fault): Promise<Round> {
  // A random moment of the period: noticing depends on when the next probe is due.
  await delay(SETTLE_MS + Math.random() * PERIOD_MS);
  const { endpoints } = watchers.rig;
  for (const service of [lane.fast, lane.plain]) {
    if (endpoints.ready(service).length !== 1) throw new Error(`${service} left without a fault`);
  }
  const failedMs = known(await fault.inflict(lane, watchers), fault.what);
  const down = await notices(watchers, lane, { up: false, sinceMs: failedMs });
  const answeredMs = fault.name === '503' ? await lane.targets.send('first-failure') : undefined;
  await delay(Math.random() * PERIOD_MS);
  const recoveredMs = known(await fault.recover(lane, watchers), fault.end);
  const recovery = await notices(watchers, lane, { up: true, sinceMs: recoveredMs });
  const plainSinceAnswer = answeredMs === undefined ? undefined : failedMs + down.plain - answeredMs;
  return { fault: down, recovery, plainSinceAnswer };
}

async function notices(
  { rig, haproxy }: Watchers,
  { name, fast, plain }: Lane,
  { up, sinceMs }: { readonly up: boolean; readonly sinceMs: number },
): Promise<Noticed> {
  const wanted = { ready: up, sinceMs };
  const [oursMs, plainMs, change] = await Promise.all([
    endpointChange(rig.endpoints, fast, wanted),
    endpointChange(rig.endpoints, plain, wanted),
    haproxy.waitForChange({ server: name, state: up ? 'up' : 'down', sinceMs }, DEADLINE_MS),
  ]);
  return { ours: oursMs - sinceMs, haproxy: change.atMs - sinceMs, plain: plainMs - sinceMs };
}

function known(atMs: number | undefined, what: string): number {
  if (atMs === undefined) throw new Error(`the target does not know when it happened: ${what}`);
  return atMs;
}
