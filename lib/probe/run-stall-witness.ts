import type { Clock } from '#lib/runtime/clock.ts';
import { type LostTime, NOTHING_LOST } from './doubt.ts';
import type { StallWitness } from './probe-work.ts';

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
  readonly startMs: number;
  /** Grows while the look that found it is still to come. */
  endMs: number;
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
  /** The stall that the armed look is late for; it is among `#stalls`. */
  #current: Stall | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  started(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#underWay++;
    this.#notice(nowMs);
    if (this.#lookMs === undefined) this.#arm(nowMs, FIRST_LOOK_MS);
  }

  ended(startedMs: number): LostTime {
    this.#notice(this.#clock.monotonicMs());
    const lost = this.#lostSince(startedMs);
    if (--this.#underWay === 0) this.#stalls = [];
    return lost;
  }

  readonly #look = (): void => {
    const nowMs = this.#clock.monotonicMs();
    this.#notice(nowMs);
    this.#current = undefined;
    this.#lookMs = undefined;
    if (this.#underWay > 0) this.#arm(nowMs, TICK_MS);
  };

  #arm(nowMs: number, delayMs: number): void {
    this.#isFirstLook = delayMs === FIRST_LOOK_MS;
    this.#lookMs = nowMs + delayMs;
    this.#clock.schedule(delayMs, this.#look);
  }

  /**
   * Remembers the stall that makes the armed look late, if it is. Work that is done meanwhile does not end the stall: as long
   * as the look waits, so may the answers of targets.
   */
  #notice(nowMs: number): void {
    const signMs = this.#lastSignMs;
    this.#lastSignMs = nowMs;
    const lookMs = this.#lookMs;
    if (lookMs === undefined || nowMs - lookMs < NOTEWORTHY_MS) return;
    if (this.#current !== undefined) {
      this.#current.endMs = nowMs;
      return;
    }
    const isCertain = this.#isFirstLook && nowMs - lookMs >= CERTAIN_MS;
    this.#current = { startMs: isCertain ? Math.min(lookMs, signMs) : lookMs, endMs: nowMs };
    this.#stalls.push(this.#current);
    if (this.#stalls.length > REMEMBERED_STALLS) this.#stalls.shift();
  }

  #lostSince(startedMs: number): LostTime {
    if (this.#stalls.length === 0) return NOTHING_LOST;
    let [longestMs, totalMs] = [0, 0];
    for (const { startMs, endMs } of this.#stalls) {
      const lengthMs = endMs - Math.max(startMs, startedMs);
      if (lengthMs <= 0) continue;
      longestMs = Math.max(longestMs, lengthMs);
      totalMs += lengthMs;
    }
    return totalMs === 0 ? NOTHING_LOST : { longestMs, totalMs };
  }
}
