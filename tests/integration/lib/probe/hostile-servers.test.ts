import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOSTILE_SERVERS, idOf } from '../../../support/hostile/corpus.ts';
import { HOSTILE_TIMEOUT_MS } from '../../../support/hostile/hostile-server.ts';
import type { CrowdReport, ServerReport } from '../../../support/hostile/report.ts';
import { print } from '../../../support/print.ts';

/** A deadline takes effect in the turn in which it passes; the rest is for a machine that has no time for the process. */
const MOST_LATE_MS = 1000;
const MOST_GROWN_BYTES = 1_000_000;
/** Of one attempt: the head, the body and its framing as far as they are read, for each of eleven redirects. */
const MOST_RECEIVED_BYTES = 1_000_000;
const MOST_CPU_MS = 25;
/** How late probes start is printed only: that depends on what else the machine does, the servers above all. */
const MOST_TURN_MS = 60;

const reports = new Map<string, ServerReport>();
const crowds: CrowdReport[] = [];
const children: ChildProcess[] = [];

function program(name: string): string {
  return fileURLToPath(new URL(`../../../support/hostile/${name}`, import.meta.url));
}

async function serve(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [program('serve-main.ts'), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  const [line]: unknown[] = await once(lines, 'line');
  return String(line);
}

beforeAll(async () => {
  const [ports, good] = await Promise.all([serve(), serve('good')]);
  const args = ['--expose-gc', program('probe-main.ts'), ports, good.replaceAll(/\D/g, '')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    // Written by our own program.
    const report = JSON.parse(line) as ServerReport | CrowdReport;
    if ('id' in report) reports.set(report.id, report);
    else crowds.push(report);
  }
  // A server that can end the process of its prober can stop the probing of a whole node.
  const [status]: unknown[] = await closed;
  expect(status).toBe(0);
}, 900_000);

afterAll(() => {
  for (const child of children) child.kill();
});

describe('a probe of a server that', () => {
  test.each(HOSTILE_SERVERS.map((server) => ({ id: idOf(server), want: server.want })))(
    '$id',
    ({ id, want }) => {
      const report = reports.get(id);
      // On a busy machine a flood may begin only when the deadline has passed.
      const others = report?.reasons.filter((reason) => !want.some((wanted) => wanted === reason));
      expect({ others: others?.filter((reason) => reason !== 'Timeout') }).toEqual({ others: [] });
      expect(want).toContain(report?.reasons.find((reason) => reason !== 'Timeout') ?? 'Timeout');
      expect(report?.slowestMs).toBeLessThan(HOSTILE_TIMEOUT_MS + MOST_LATE_MS);
      expect(report?.longestMessage).toBeLessThanOrEqual(200);
      expect(report?.grownBytes).toBeLessThan(MOST_GROWN_BYTES);
      expect(report?.inFlightBytes).toBeLessThan(MOST_GROWN_BYTES);
      expect(report?.receivedBytes).toBeLessThan(MOST_RECEIVED_BYTES);
      expect(report?.cpuMs).toBeLessThan(MOST_CPU_MS);
      expect(report?.neighbourFailures).toEqual([]);
    },
  );
});

test('all hostile servers at once leave their neighbours alone', () => {
  const all = [...reports.values()];
  const most = (figure: (report: ServerReport) => number): string => Math.max(...all.map(figure)).toFixed(1);
  print(
    `${all.length} hostile servers: at most ${most(({ grownBytes }) => grownBytes / 1000)} kB grown, ` +
      `${most(({ inFlightBytes }) => inFlightBytes / 1000)} kB in flight, ${most(({ cpuMs }) => cpuMs)} ms of CPU, ` +
      `${most(({ receivedBytes }) => receivedBytes / 1000)} kB read by one probe`,
  );
  for (const crowd of crowds)
    print(`good targets beside ${crowd.hostile} hostile ones: ${JSON.stringify(crowd)}`);
  expect(all.length).toBeGreaterThanOrEqual(50);
  expect(crowds.map(({ failed }) => failed)).toEqual([[], []]);
  expect(crowds.at(-1)?.longestTurnMs).toBeLessThan(MOST_TURN_MS);
  expect(crowds.at(-1)?.busyShare).toBeLessThan(0.75);
});
