import type { Clock } from '#lib/runtime/clock.ts';
import type { StallWitness } from './probe-worker.ts';

/** Ticks while runs are under way; a stall is noticed with this accuracy. */
const TICK_MS = 20;
/** A stall that nobody can ask about any more is forgotten; the number bounds memory when runs last long. */
const REMEMBERED_STALLS = 64;
/** Lateness of a tick that is not worth remembering. */
const NOTEWORTHY_MS = 20;

interface Stall {
  readonly endMs: number;
  readonly lengthMs: number;
}

/**
 * Notices when the event loop did not turn: a long synchronous task, a throttled control group, SIGSTOP. Ticks only
 * while a run is under way, so an idle process is not woken.
 */
export class RunStallWitness implements StallWitness {
  readonly #clock: Clock;
  #underWay = 0;
  #lastTickMs = 0;
  #cancelTick: (() => void) | undefined;
  #stalls: Stall[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(): () => number {
    const startedMs = this.#clock.monotonicMs();
    if (this.#underWay++ === 0) this.#arm(startedMs);
    let isOver = false;
    return () => {
      if (isOver) return 0;
      isOver = true;
      this.#notice();
      const longestMs = this.#longestSince(startedMs);
      if (--this.#underWay === 0) this.#rest();
      return longestMs;
    };
  }

  readonly #tick = (): void => {
    this.#notice();
    this.#arm(this.#clock.monotonicMs());
  };

  #arm(nowMs: number): void {
    this.#lastTickMs = nowMs;
    this.#cancelTick = this.#clock.schedule(TICK_MS, this.#tick);
  }

  #rest(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#stalls = [];
  }

  /** Remembers how late the tick is that should have come by now. */
  #notice(): void {
    const nowMs = this.#clock.monotonicMs();
    const lengthMs = nowMs - this.#lastTickMs - TICK_MS;
    if (lengthMs < NOTEWORTHY_MS) return;
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
