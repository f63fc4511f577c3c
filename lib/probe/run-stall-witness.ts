import type { Clock } from '#lib/runtime/clock.ts';
import type { StallWitness } from './probe-worker.ts';

/**
 * First look after the start of a run. Most runs are over by then; a timer for each of them would wake the process
 * once more a run, which costs more than the rest of the run.
 */
const FIRST_LOOK_MS = 100;
/** While a run lasts longer: a stall is measured with this accuracy. */
const TICK_MS = 20;
/** Lateness below this is ordinary scheduling. */
const NOTEWORTHY_MS = 20;
/** From this lateness on, the first look takes all the time that nobody saw for the stall. */
const CERTAIN_MS = 50;
/** Bounds memory when runs last long. */
const REMEMBERED_STALLS = 64;

interface Stall {
  readonly endMs: number;
  readonly lengthMs: number;
}

/**
 * Notices when the event loop did not turn: a long synchronous task, a throttled control group, SIGSTOP. Looks only
 * while runs are under way, so an idle process is not woken.
 */
export class RunStallWitness implements StallWitness {
  readonly #clock: Clock;
  #underWay = 0;
  /** When the armed look is due; undefined: none is armed. */
  #lookMs: number | undefined;
  #isFirstLook = true;
  /** The last time at which the event loop was seen to turn. */
  #lastSignMs = 0;
  #stalls: Stall[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(): () => number {
    const startedMs = this.#clock.monotonicMs();
    this.#underWay++;
    this.#notice(startedMs);
    if (this.#lookMs === undefined) this.#arm(startedMs, FIRST_LOOK_MS);
    let isOver = false;
    return () => {
      if (isOver) return 0;
      isOver = true;
      this.#notice(this.#clock.monotonicMs());
      const longestMs = this.#longestSince(startedMs);
      if (--this.#underWay === 0) this.#stalls = [];
      return longestMs;
    };
  }

  readonly #look = (): void => {
    const nowMs = this.#clock.monotonicMs();
    this.#notice(nowMs);
    this.#lookMs = undefined;
    if (this.#underWay > 0) this.#arm(nowMs, TICK_MS);
  };

  #arm(nowMs: number, delayMs: number): void {
    this.#isFirstLook = delayMs === FIRST_LOOK_MS;
    this.#lookMs = nowMs + delayMs;
    this.#clock.schedule(delayMs, this.#look);
  }

  /** Remembers the stall that made the armed look late, if it is. */
  #notice(nowMs: number): void {
    const lateMs = this.#lookMs === undefined ? 0 : nowMs - this.#lookMs;
    const unseenMs = nowMs - this.#lastSignMs;
    this.#lastSignMs = nowMs;
    if (lateMs < NOTEWORTHY_MS) return;
    const lengthMs = this.#isFirstLook && lateMs >= CERTAIN_MS ? unseenMs : Math.min(lateMs, unseenMs);
    this.#stalls.push({ endMs: nowMs, lengthMs });
    if (this.#stalls.length > REMEMBERED_STALLS) this.#stalls.shift();
  }

  #longestSince(startedMs: number): number {
    let longestMs = 0;
    for (const { endMs, lengthMs } of this.#stalls) {
      if (endMs > startedMs) longestMs = Math.max(longestMs, Math.min(lengthMs, endMs - startedMs));
    }
    return longestMs;
  }
}
