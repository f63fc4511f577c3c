import { setTimeout as delay } from 'node:timers/promises';
import type { ManagedProcess } from '../../dev/process/managed-process.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { usageOf } from '../measure/process-usage.ts';
import type { CheckCounts, CheckTarget } from './check-target.ts';

/** Whoever checks, while it runs. */
export interface Checker {
  readonly process: ManagedProcess;
  stop(): Promise<unknown>;
}

export interface CostRun {
  readonly start: () => Promise<Checker>;
  /** Which of the target's counts is the number of checks. */
  readonly counted: keyof CheckCounts;
  /** Checks a second from which on it is at work; undefined: it checks as fast as it can. */
  readonly rate: number | undefined;
  readonly seconds: number;
  /** Long enough for what comes with a start. */
  readonly settleMs: number;
  /** Called while it runs, after what is measured. */
  readonly beforeStop?: () => Promise<void>;
}

export interface Cost {
  readonly microsecondsACheck: number;
  readonly checksASecond: number;
  readonly anonymousKb: number;
}

const START_DEADLINE_MS = 180_000;

/** Starts a checker, lets it settle, measures it for some time and stops it. Checks are counted where they arrive. */
export async function measureCost(target: CheckTarget, run: CostRun): Promise<Cost> {
  const checker = await run.start();
  try {
    if (run.rate !== undefined) await waitForRate(target, run.counted, run.rate);
    await delay(run.settleMs);
    const { pid } = checker.process;
    const [before, from] = [(await target.counts())[run.counted], await usageOf(pid)];
    await delay(run.seconds * 1000);
    const [after, to] = [(await target.counts())[run.counted], await usageOf(pid)];
    await run.beforeStop?.();
    const checks = after - before;
    return {
      microsecondsACheck: (1e6 * (to.cpuSeconds - from.cpuSeconds)) / checks,
      checksASecond: checks / (to.atSeconds - from.atSeconds),
      anonymousKb: to.anonymousKb,
    };
  } finally {
    await checker.stop();
  }
}

async function waitForRate(target: CheckTarget, counted: keyof CheckCounts, rate: number): Promise<void> {
  await waitFor(
    `${rate} checks a second`,
    async () => {
      const [before, from] = [(await target.counts())[counted], performance.now()];
      await delay(2000);
      const after = (await target.counts())[counted];
      const seen = (1000 * (after - before)) / (performance.now() - from);
      if (seen < 0.97 * rate) throw new Error(`they are ${Math.round(seen)}`);
      return true;
    },
    { deadlineMs: START_DEADLINE_MS },
  );
}
