import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** One part that has to end. */
export interface StopStep {
  readonly name: string;
  stop(): Promise<void> | void;
}

export interface StopDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** For all steps together, in milliseconds. */
  readonly deadlineMs: number;
}

/** The longest time from the signal to the end of the process. */
export const STOP_DEADLINE_MS = 5_000;

/** A shell's exit status for a program that SIGINT ended. */
const INTERRUPTED = 130;

/** Aborts at SIGTERM or SIGINT; the reason names the signal. A second signal ends the process at once. */
export function shutdownSignal(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort(new Error(name));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return controller.signal;
}

/**
 * Stops the parts one after the other. A part that fails is logged and does not keep the next from stopping; when
 * time is up the rest is left. Returns whether everything stopped well.
 */
export async function stopInOrder(deps: StopDeps, steps: readonly StopStep[]): Promise<boolean> {
  const { clock, logger, deadlineMs } = deps;
  const timeUp = Promise.withResolvers<'time-up'>();
  const cancel = clock.schedule(deadlineMs, () => timeUp.resolve('time-up'));
  let isClean = true;
  try {
    for (const { name, stop } of steps) {
      const outcome = await Promise.race([stopped(stop), timeUp.promise]);
      if (outcome === 'stopped') continue;
      isClean = false;
      logger.error('stop failed', { part: name, error: String(outcome) });
      if (outcome === 'time-up') return false;
    }
    return isClean;
  } finally {
    cancel();
  }
}

async function stopped(stop: StopStep['stop']): Promise<unknown> {
  try {
    await stop();
    return 'stopped';
  } catch (error) {
    return error;
  }
}
