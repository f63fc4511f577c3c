import type { Probe } from '#lib/core/probe/probe.ts';
import type { ProbeOutcome } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { ProbeRun, workOf } from '#lib/probe/probe-run.ts';
import type { Prober } from '#lib/probe/prober.ts';
import { systemClock } from '#lib/runtime/clock.ts';

/** The frame of one run that no worker runs. */
export interface OneRun {
  /** When the run must have ended, in monotonic milliseconds of the machine. */
  readonly deadlineMs: number;
  /** Set for as long as the run lasts: ends it at once as unknown, with cause `Cancelled`. */
  cancel: (() => void) | undefined;
}

/** Runs a probe once, as a worker does it, on the clock of the machine. Never rejects. */
export function runOnce<P extends Probe>(
  prober: Prober<P>,
  probe: P,
  target: Target,
  run: OneRun,
): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const startedMs = systemClock.monotonicMs();
    const { deadlineMs } = run;
    const cancelDeadline = systemClock.schedule(Math.max(0, deadlineMs - startedMs), () =>
      systemClock.afterReads(() => started.expire()),
    );
    const ended = (_run: ProbeRun, outcome: ProbeOutcome): void => {
      cancelDeadline();
      run.cancel = undefined;
      resolve(outcome);
    };
    const started = new ProbeRun({ startedMs, deadlineMs, dueMs: startedMs, isExtra: false }, { ended });
    run.cancel = () => started.cancel();
    started.start(workOf(prober, probe, target, deadlineMs));
  });
}
