import type { UnknownCause } from '#lib/core/probe/probe-outcome.ts';
import type { ProbeObserver } from '#lib/probe/probe-work.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { Logger } from '#lib/runtime/logger.ts';

export interface ShortageLogDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Causes that are a lack of something on this node, and what to look at. */
const SHORTAGES: ReadonlyMap<UnknownCause, string> = new Map([
  ['NoDescriptors', 'raise the limit of open files of the agent, or look for what holds them'],
  ['NoLocalPorts', 'look for a process of the node with many connections (ss -s)'],
]);

/** A shortage is over when no probe has met it for so long: at its edge probes fail by turns. */
const QUIET_MS = 60_000;

/**
 * An observer that logs when probes cannot be made because the node lacks something, once, and once when they can be
 * made again. Each run is told to `next` too.
 */
export function logShortages({ clock, logger }: ShortageLogDeps, next: ProbeObserver): ProbeObserver {
  /** When a probe met the shortage last. */
  const met = new Map<UnknownCause, number>();
  return {
    started: next.started,
    finished(kind, outcome, durationMs) {
      next.finished(kind, outcome, durationMs);
      const nowMs = clock.monotonicMs();
      const advice = outcome.kind === 'unknown' ? SHORTAGES.get(outcome.cause) : undefined;
      if (outcome.kind === 'unknown' && advice !== undefined) {
        if (!met.has(outcome.cause)) {
          logger.warn('probes cannot be made', { reason: outcome.cause, error: outcome.message, advice });
        }
        met.set(outcome.cause, nowMs);
      }
      for (const [reason, lastMs] of met) {
        if (nowMs - lastMs < QUIET_MS) continue;
        met.delete(reason);
        logger.info('probes can be made again', { reason });
      }
    },
  };
}
