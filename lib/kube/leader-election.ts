import type { Lease, ObjectRef } from '#lib/core/kubernetes.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import { withDeadline } from '#lib/runtime/deadline.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import type { Random } from '#lib/runtime/random.ts';
import { sleep } from '#lib/runtime/sleep.ts';
import type { KubeApi } from './kube-api.ts';
import { classifyKubeError } from './kube-error.ts';
import { decideLease, type ObservedLease, observe, releasedSpec } from './lease-decision.ts';
import { LEASES } from './resources.ts';

export interface LeaderElectionDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface LeaderElectionOptions {
  readonly lease: ObjectRef;
  /** Different for every process, also for two runs of one pod. */
  readonly identity: string;
}

/** client-go's defaults. A leader stops itself `LEASE - RENEW_DEADLINE` before another may begin. */
const LEASE_SECONDS = 15;
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;
/** Half of the time for renewal: a slow API server may take so long, and a dead connection leaves a second try. */
const REQUEST_MS = 5_000;
/** A program stops within five seconds; the release has no more than this of them. */
const RELEASE_MS = 3_000;

/** Holds a Lease of which only one process is the holder at a time. */
export class LeaderElection {
  readonly #deps: LeaderElectionDeps;
  readonly #options: LeaderElectionOptions;
  readonly #logger: Logger;
  #observed: ObservedLease | undefined;
  /** When the request began that last made or kept us the holder. */
  #heldMs: number | undefined;

  constructor(deps: LeaderElectionDeps, options: LeaderElectionOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#logger = deps.logger.with({ lease: `${options.lease.namespace}/${options.lease.name}` });
  }

  /** Whether no other process can hold the Lease at this moment, however long this one was stopped before. */
  isLeader(): boolean {
    return this.#leftMs() > 0;
  }

  /**
   * Waits for the Lease, then calls `lead` and keeps the Lease while it runs. When the signal aborts, `lead` is
   * aborted and awaited before the Lease is released: `stopped`. When the Lease cannot be kept, `lead` is aborted
   * and not awaited: `lost`; the caller ends the process. What `lead` throws is thrown after the release.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<'stopped' | 'lost'> {
    if (!(await this.#acquire(signal))) return 'stopped';
    this.#logger.info('leading', { identity: this.#options.identity });
    const leading = new AbortController();
    const work = lead(AbortSignal.any([signal, leading.signal])).finally(() => leading.abort());
    const isKept = await this.#keep(AbortSignal.any([signal, leading.signal]));
    if (!isKept) {
      this.#logger.error('lease lost', { identity: this.#options.identity });
      leading.abort();
      // The process ends; what the work says afterwards interests nobody.
      work.catch(() => {});
      return 'lost';
    }
    try {
      await work;
    } finally {
      await this.#release();
    }
    return 'stopped';
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      await this.#attempt(REQUEST_MS, signal);
      if (this.isLeader()) return !signal.aborted || this.#releaseAtOnce();
      // Spread, so that those who wait do not come at the same moment.
      await sleep(this.#deps.clock, RETRY_MS * (1 + this.#deps.random() / 5), signal);
    }
    return false;
  }

  async #releaseAtOnce(): Promise<false> {
    await this.#release();
    return false;
  }

  /** Renews until the signal aborts (true) or the time for it is over (false). */
  async #keep(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#deps;
    let attemptMs = clock.monotonicMs();
    while (!signal.aborted) {
      // Counted from attempt to attempt: one that took long is repeated at once.
      const pauseMs = Math.max(0, attemptMs + RETRY_MS - clock.monotonicMs());
      await sleep(clock, Math.min(pauseMs, this.#leftMs()), signal);
      if (signal.aborted) return true;
      if (!this.isLeader()) return false;
      attemptMs = clock.monotonicMs();
      await this.#attempt(Math.min(REQUEST_MS, this.#leftMs()), signal);
      if (this.#heldMs === undefined) return false;
    }
    return true;
  }

  #leftMs(): number {
    if (this.#heldMs === undefined) return 0;
    return Math.max(0, this.#heldMs + RENEW_DEADLINE_MS - this.#deps.clock.monotonicMs());
  }

  /** Tries once to take or renew the Lease. */
  async #attempt(limitMs: number, signal: AbortSignal): Promise<void> {
    try {
      await withDeadline(this.#deps.clock, limitMs, signal, (limited) => this.#takeOrRenew(limited));
    } catch (error) {
      if (signal.aborted) return;
      const kind = classifyKubeError(error);
      // Somebody else wrote, or our own write went through without an answer: the next attempt reads first.
      if (kind === 'conflict' || kind === 'exists' || kind === 'not-found') this.#observed = undefined;
      this.#logger.warn('lease attempt failed', { kind, error: String(error) });
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    // The holder knows the version that it wrote; everybody else looks.
    if (this.#heldMs === undefined || this.#observed === undefined) await this.#read(signal);
    const startMs = clock.monotonicMs();
    const decision = decideLease(this.#observed, {
      identity: this.#options.identity,
      durationSeconds: LEASE_SECONDS,
      monotonicMs: startMs,
      now: clock.now(),
    });
    if (decision.kind === 'wait') {
      this.#heldMs = undefined;
      return;
    }
    const written = await this.#write(decision.spec, signal);
    this.#observed = { lease: written, sinceMs: startMs };
    this.#heldMs = startMs;
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#deps;
    try {
      const lease = await api.get(LEASES, this.#options.lease, signal);
      this.#observed = observe(this.#observed, lease, clock.monotonicMs());
    } catch (error) {
      if (classifyKubeError(error) !== 'not-found') throw error;
      this.#observed = undefined;
    }
  }

  #write(spec: NonNullable<Lease['spec']>, signal: AbortSignal): Promise<Lease> {
    const { api } = this.#deps;
    const lease = this.#observed?.lease;
    return lease === undefined
      ? api.create(LEASES, { metadata: { ...this.#options.lease }, spec }, { signal })
      : api.replace(LEASES, { ...lease, spec }, { signal });
  }

  async #release(): Promise<void> {
    this.#heldMs = undefined;
    try {
      await withDeadline(this.#deps.clock, RELEASE_MS, undefined, (limited) => this.#giveUp(limited));
      this.#logger.info('lease released', {});
    } catch (error) {
      this.#logger.warn('lease not released', { error: String(error) });
    }
  }

  async #giveUp(signal: AbortSignal): Promise<void> {
    // A renewal that was cut off may have gone through: only a read tells the version.
    await this.#read(signal);
    const lease = this.#observed?.lease;
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    await this.#write(releasedSpec(lease, this.#deps.clock.now()), signal);
  }
}
