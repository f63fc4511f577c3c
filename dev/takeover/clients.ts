import { setTimeout as delay } from 'node:timers/promises';
import { netnsCommand } from '../cluster/netns-command.ts';
import { Traffic } from '../workload/traffic.ts';
import type { TrafficSample } from '../workload/traffic-sample.ts';
import { clientNamespace, type TakeOverRig } from './rig.ts';

/** Each process makes so many new connections a second, and opens so many that last until the end, 64 at most. */
const PROCESSES = 2;
const NEW_PER_SECOND = 110;
const HOLDS_PER_SECOND = 10;
const LONGEST_HOLD_MS = 300_000;

/** Until some connections that last are there before anything happens. */
const WARM_UP_MS = 1_000;

/** Clients of one Service: from several processes, more than 200 new connections a second, and many that last. */
export interface Clients {
  /** Stops when every connection that was open at the call has shown that it is alive. */
  finish(): Promise<ClientReport>;
}

export interface ClientReport {
  readonly made: number;
  readonly failed: number;
  readonly held: number;
  readonly lost: number;
  /** When the failed connections began, milliseconds since the epoch, in order. */
  readonly failedAtMs: readonly number[];
  /** From the first failure's start to the last one's. */
  readonly outageMs: number;
  /** Distinct messages of failures. */
  readonly messages: readonly string[];
  /** Pods that answered connections that began after a moment. */
  answeredBySince(sinceMs: number): readonly string[];
}

/**
 * Starts the clients once kube-proxy knows the Service, and waits until all of them get answers; what they meet from then
 * on counts, on new connections and on those that stand.
 */
export async function startClients(rig: TakeOverRig, service: string, address: string): Promise<Clients> {
  await waitForAnswer(rig, service, address);
  const streams = [
    { name: 'new', kind: 'http', address, port: 80, ratePerSecond: NEW_PER_SECOND, timeoutMs: 2_000 },
    {
      name: 'hold',
      kind: 'http-hold',
      address,
      port: 80,
      ratePerSecond: HOLDS_PER_SECOND,
      timeoutMs: LONGEST_HOLD_MS,
    },
  ] as const;
  const netns = clientNamespace(rig.cluster);
  const all = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      Traffic.start(rig.cluster.host, { name: `clients-${service}-${index}`, netns, streams }),
    ),
  );
  await Promise.all(all.map((traffic) => traffic.waitForSample('new', 0, answered, 20_000)));
  await delay(WARM_UP_MS);
  const sinceMs = Date.now();
  return {
    async finish() {
      await Promise.all(all.map((traffic) => traffic.finish()));
      const made = all.flatMap((traffic) => traffic.samples('new', sinceMs));
      return reportOf(made, all.flatMap(connectionsThatStood));
    },
  };
}

/**
 * Waits until the address answers. A connection that began before kube-proxy knew the Service never gets an answer: its
 * kernel has decided where it goes, and remembers it for the port of the client, so that a later connection from that port
 * would fare the same. It is made to forget these.
 */
async function waitForAnswer(rig: TakeOverRig, service: string, address: string): Promise<void> {
  const netns = clientNamespace(rig.cluster);
  const streams = [
    { name: 'first', kind: 'http', address, port: 80, ratePerSecond: 20, timeoutMs: 2_000 },
  ] as const;
  const traffic = await Traffic.start(rig.cluster.host, { name: `first-${service}`, netns, streams });
  try {
    await traffic.waitForSample('first', 0, answered, 20_000);
  } finally {
    await traffic.finish();
  }
  const forget = ['conntrack', '-D', '-p', 'tcp', '--state', 'SYN_SENT', '-d', address];
  await netnsCommand(netns, forget).catch((error: unknown) => {
    if (!String(error).includes(' 0 flow entries')) throw error;
  });
}

/** Those that last and began once the client had got its first answer. */
function connectionsThatStood(traffic: Traffic): readonly TrafficSample[] {
  const first = traffic.samples('new').find(answered);
  return traffic.samples('hold', first?.startedAtMs);
}

function answered({ result }: TrafficSample): boolean {
  return result.kind === 'answered';
}

function reportOf(made: readonly TrafficSample[], held: readonly TrafficSample[]): ClientReport {
  const failed = made.filter(({ result }) => result.kind !== 'answered');
  const lost = held.filter(({ result }) => result.kind !== 'answered');
  const starts = failed.map(({ startedAtMs }) => startedAtMs);
  const messages = [...failed, ...lost].flatMap(({ result }) =>
    result.kind === 'failed' ? [result.message] : [],
  );
  return {
    made: made.length,
    failed: failed.length,
    held: held.length,
    lost: lost.length,
    failedAtMs: starts.toSorted((a, b) => a - b),
    outageMs: starts.length === 0 ? 0 : Math.max(...starts) - Math.min(...starts),
    messages: [...new Set(messages)],
    answeredBySince: (sinceMs) =>
      [
        ...new Set(
          made.flatMap(({ startedAtMs, result }) =>
            startedAtMs >= sinceMs && result.kind === 'answered' ? [result.by] : [],
          ),
        ),
      ].toSorted(),
  };
}
