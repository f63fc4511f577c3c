import type { Clock } from '#lib/runtime/clock.ts';
import { isOlder } from './resource-version.ts';

/** If the watch has not confirmed a write by then, its view counts again, whatever happened. */
const CONFIRM_WITHIN_MS = 30_000;

/** Own writes that the watch has not confirmed yet, so that a reader's cache never falls back behind them. */
export class OwnWrites {
  readonly #clock: Clock;
  readonly #pending = new Map<string, { readonly version: string; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(key: string, version: string): void {
    this.#pending.set(key, { version, untilMs: this.#clock.monotonicMs() + CONFIRM_WITHIN_MS });
  }

  /** Whether an own write outdates what the API reports for the key at a version; if not, it is settled. */
  outdates(key: string, version: string): boolean {
    const write = this.#pending.get(key);
    if (write === undefined) return false;
    if (isOlder(version, write.version) && this.#clock.monotonicMs() < write.untilMs) return true;
    this.#pending.delete(key);
    return false;
  }

  /** The keys of writes that the watch has passed without reporting them; they are settled. */
  takePassed(version: string): readonly string[] {
    if (this.#pending.size === 0) return [];
    const passed = [...this.#pending].filter(([, write]) => !isOlder(version, write.version));
    for (const [key] of passed) this.#pending.delete(key);
    return passed.map(([key]) => key);
  }
}
