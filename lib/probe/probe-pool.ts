import { emptyPhases, type Phases, returnPhase, takePhase } from '#lib/core/probe/phases.ts';
import {
  type FirstRunRequest,
  firstSchedule,
  remainingDelayMs,
  type Schedule,
} from '#lib/core/probe/schedule.ts';
import type { VerdictState } from '#lib/core/probe/verdict.ts';
import { NumberRows } from './number-rows.ts';
import { isSameCheck, type ProbeAssignment, type ProbeRequest, sharingKey } from './probe-assignment.ts';
import type { OwnedCheck, ProbeWorkerDeps } from './probe-work.ts';
import { ProbeWorker, WORKER_NUMBERS } from './probe-worker.ts';
import { type LoggedRun, RunLog } from './run-log.ts';

export interface ProbePoolDeps extends Omit<ProbeWorkerDeps, 'log' | 'onChange'> {
  /** Called when no worker is left for the check, to end what the prober holds open for it. */
  readonly release: (assignment: ProbeAssignment) => void;
  /** Called for each owner of a check whose verdict, or the message of a down one, has changed. */
  readonly onChange: (owner: string, assignment: ProbeAssignment) => void;
}

/** A check as it stands. */
export interface CheckReport extends OwnedCheck {
  readonly state: VerdictState;
  /** The last ones, oldest first. */
  readonly runs: readonly LoggedRun[];
}

/** Targets that start within this time are a crowd: see `firstSchedule`. */
const CROWD_WINDOW_MS = 1000;

/**
 * Runs the probes of many owners. Equal checks are run once, whoever asks; what is no longer asked for stops at once.
 */
export class ProbePool {
  readonly #deps: ProbePoolDeps;
  readonly #workerDeps: ProbeWorkerDeps;
  /** By sharing key. */
  readonly #workers = new Map<string, ProbeWorker>();
  /** By owner, and by the ids of what it has asked for. */
  readonly #owners = new Map<string, ReadonlyMap<string, ProbeWorker>>();
  /** By period. */
  readonly #phases = new Map<number, Phases>();
  readonly #log = new RunLog();
  readonly #numbers = new NumberRows(WORKER_NUMBERS);
  #sequence = 0;
  #crowd = { sinceMs: Number.NEGATIVE_INFINITY, size: 0 };

  constructor(deps: ProbePoolDeps) {
    this.#deps = deps;
    this.#workerDeps = {
      ...deps,
      log: this.#log,
      onChange: ({ owners, assignment }) => {
        for (const owner of owners) deps.onChange(owner, assignment);
      },
    };
  }

  /** Number of checks that run. */
  get size(): number {
    return this.#workers.size;
  }

  /** Number of checks that have begun so far. */
  get begun(): number {
    return this.#sequence;
  }

  /**
   * Replaces all that the owner asks for. A check that runs already goes on undisturbed with the verdict it has; only
   * one that does not run begins with its `start`. An empty list forgets the owner.
   */
  assign(owner: string, requests: readonly ProbeRequest[]): void {
    const before = this.#owners.get(owner);
    const alone = [owner];
    const after = new Map(
      requests.map((request): [string, ProbeWorker] => {
        const known = before?.get(request.id);
        // Most of what is asked for in most calls is as before, and comparing is cheaper than the key.
        const isKnown = known !== undefined && isSameCheck(known.assignment, request.assignment);
        return [request.id, isKnown ? known : this.#join(request, alone)];
      }),
    );
    if (after.size === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, after);
    const kept = new Set(after.values());
    // Equal checks of one owner have one worker, which it leaves once.
    for (const worker of new Set(before?.values())) {
      if (!kept.has(worker)) this.#leave(worker, owner);
    }
  }

  /** The state of a check; undefined when the owner has asked for none of that id. */
  stateOf(owner: string, id: string): VerdictState | undefined {
    return this.#owners.get(owner)?.get(id)?.state;
  }

  /** The checks of a pod. */
  report(namespace: string, podName: string): readonly CheckReport[] {
    const workers = [...this.#workers.values()].filter(({ assignment: { target } }) => {
      return target.namespace === namespace && target.podName === podName;
    });
    const nowMs = this.#deps.clock.monotonicMs();
    return workers.map(({ assignment, owners, state, place }) => ({
      ...{ assignment, owners, state },
      runs: this.#log.read(place, nowMs),
    }));
  }

  /** Runs the checks for which the filter holds out of turn, once each. */
  probeNow(isMeant: (assignment: ProbeAssignment) => boolean): void {
    for (const worker of this.#workers.values()) {
      if (isMeant(worker.assignment)) worker.probeNow();
    }
  }

  /** Stops every worker. */
  stop(): void {
    for (const worker of this.#workers.values()) this.#close(worker);
    this.#workers.clear();
    this.#owners.clear();
  }

  /** The worker for what is asked for, with one more owner; `alone`: the list of this one. */
  #join(request: ProbeRequest, alone: readonly string[]): ProbeWorker {
    const key = sharingKey(request.assignment);
    const worker = this.#workers.get(key) ?? this.#open(key, request);
    const isOwned = alone.every((owner) => worker.owners.includes(owner));
    if (!isOwned) worker.owners = worker.owners.length === 0 ? alone : worker.owners.concat(alone);
    return worker;
  }

  #open(key: string, { assignment, start }: ProbeRequest): ProbeWorker {
    const phase = this.#takePhase(assignment.timing.periodMs);
    const place = this.#log.take();
    const schedule = this.#firstSchedule(assignment, { kind: start.firstRun, phase });
    const work = { assignment, start, schedule, place, numbers: this.#numbers.clear(place) };
    const worker = new ProbeWorker(this.#workerDeps, work);
    this.#workers.set(key, worker);
    return worker;
  }

  #leave(worker: ProbeWorker, owner: string): void {
    worker.owners = worker.owners.filter((other) => other !== owner);
    if (worker.owners.length > 0) return;
    this.#workers.delete(sharingKey(worker.assignment));
    this.#close(worker);
  }

  #close(worker: ProbeWorker): void {
    const { assignment, place, phase } = worker;
    const { timing, target } = assignment;
    worker.stop();
    this.#log.giveBack(place);
    if (timing.sentinel) this.#deps.sentinels.release(target);
    this.#deps.release(assignment);
    this.#returnPhase(timing.periodMs, phase);
  }

  #takePhase(periodMs: number): number {
    const { phases, phase } = takePhase(this.#phases.get(periodMs) ?? emptyPhases(periodMs));
    this.#phases.set(periodMs, phases);
    return phase;
  }

  #returnPhase(periodMs: number, phase: number): void {
    const phases = returnPhase(this.#phases.get(periodMs) ?? emptyPhases(periodMs), phase);
    if (phases.counts.some((count) => count > 0)) this.#phases.set(periodMs, phases);
    else this.#phases.delete(periodMs);
  }

  #firstSchedule(
    { timing, startedAtSeconds }: ProbeAssignment,
    { kind, phase }: Pick<FirstRunRequest, 'kind' | 'phase'>,
  ): Schedule {
    const { clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const startedAtMs = startedAtSeconds === undefined ? undefined : 1000 * startedAtSeconds;
    const delayMs = remainingDelayMs(timing.initialDelayMs, startedAtMs, clock.now().getTime());
    const crowd = this.#joinCrowd(nowMs);
    const sequence = this.#sequence++;
    return firstSchedule({ kind, nowMs, phase, sequence, crowd, delayMs }, timing);
  }

  #joinCrowd(nowMs: number): number {
    const isOver = nowMs - this.#crowd.sinceMs >= CROWD_WINDOW_MS;
    this.#crowd = isOver ? { sinceMs: nowMs, size: 1 } : { ...this.#crowd, size: this.#crowd.size + 1 };
    return this.#crowd.size;
  }
}
