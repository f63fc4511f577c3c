import type { Clock } from '#lib/runtime/clock.ts';
import type { HealthChecks } from '#lib/runtime/http-server.ts';
import type { AnyInformer } from './informers.ts';

export interface AgentHealthDeps {
  readonly clock: Clock;
  readonly informers: readonly AnyInformer[];
}

/** Changes may go unseen for so long before the agent calls itself not ready: an API server restart takes less. */
const LONGEST_BLINDNESS_MS = 60_000;
/** Every request has a deadline, so that a write that lasts longer is stuck. */
const LONGEST_WRITE_MS = 180_000;

/** What the agent says about itself. An answer at all means that the event loop turns. */
export class AgentHealth {
  readonly live: HealthChecks = { 'slice-writes': () => this.#stuckWrite() };
  readonly ready: HealthChecks = { informers: () => this.#blindness() };
  readonly #deps: AgentHealthDeps;
  /** Start of each write under way. */
  readonly #writes = new Set<{ readonly startedMs: number }>();

  constructor(deps: AgentHealthDeps) {
    this.#deps = deps;
  }

  /** Follows a write until it has ended. */
  async track<T>(write: Promise<T>): Promise<T> {
    const entry = { startedMs: this.#deps.clock.monotonicMs() };
    this.#writes.add(entry);
    try {
      return await write;
    } finally {
      this.#writes.delete(entry);
    }
  }

  #stuckWrite(): string | undefined {
    const nowMs = this.#deps.clock.monotonicMs();
    const isStuck = [...this.#writes].some(({ startedMs }) => nowMs - startedMs > LONGEST_WRITE_MS);
    return isStuck ? `a write has lasted for more than ${LONGEST_WRITE_MS / 1000} s` : undefined;
  }

  #blindness(): string | undefined {
    const { clock, informers } = this.#deps;
    const unsynced = informers.filter((informer) => !informer.hasSynced()).length;
    if (unsynced > 0) return `${unsynced} of ${informers.length} informers have not listed yet`;
    const nowMs = clock.monotonicMs();
    const isBlind = informers.some((one) => nowMs - (one.staleSinceMs() ?? nowMs) > LONGEST_BLINDNESS_MS);
    return isBlind ? 'no contact with the API server' : undefined;
  }
}
