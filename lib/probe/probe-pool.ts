import { emptyPhases, type Phases, returnPhase, type TakenPhase, takePhase } from '#lib/core/probe/phases.ts';
import { firstSchedule, remainingDelayMs, type Schedule } from '#lib/core/probe/schedule.ts';
import type { VerdictState } from '#lib/core/probe/verdict.ts';
import { NumberRows } from './number-rows.ts';
import { isSameCheck, type ProbeAssignment, sharingKey } from './probe-assignment.ts';
import type { ProbeWork, ProbeWorkerDeps } from './probe-work.ts';
import { ProbeWorker, WORKER_NUMBERS, type WorkerOwner } from './probe-worker.ts';
import { type LoggedRun, RunLog } from './run-log.ts';

export interface ProbePoolDeps extends Omit<ProbeWorkerDeps, 'log'> {
  /** Called when no worker is left for the check, to end what the prober holds open for it. */
  readonly release: (assignment: ProbeAssignment) => void;
  /** Called for each owner of a check whose verdict, or the message of a down one, has changed. */
  readonly onChange: (owner: string, assignment: ProbeAssignment) => void;
}

/** A check as it stands. */
export interface CheckReport {
  readonly assignment: ProbeAssignment;
  /** Who asks for it. */
  readonly owners: readonly string[];
  readonly state: VerdictState;
  /** The last ones, oldest first. */
  readonly runs: readonly LoggedRun[];
}

/** What is needed to run a check, once. */
interface PostParts {
  readonly key: string;
  readonly bin: number;
  readonly work: ProbeWork;
}

/** Whoever asks for a check, as the list that checks with no other owner share: nearly all have one. */
type Owners = readonly string[];

/** A check that runs, and those who ask for it. */
class Post implements WorkerOwner {
  readonly key: string;
  /** That its phase was taken from. */
  readonly bin: number;
  /** Place in the log of runs, and row of numbers. */
  readonly place: number;
  readonly worker: ProbeWorker;
  owners: Owners = NOBODY;
  readonly #onChange: ProbePoolDeps['onChange'];

  constructor({ key, bin, work }: PostParts, deps: ProbeWorkerDeps, onChange: ProbePoolDeps['onChange']) {
    this.key = key;
    this.bin = bin;
    this.place = work.place;
    this.#onChange = onChange;
    this.worker = new ProbeWorker(deps, work, this);
  }

  changed(): void {
    for (const owner of this.owners) this.#onChange(owner, this.worker.assignment);
  }
}

const NOBODY: Owners = [];

/** Targets that start within this time are a crowd: see `firstSchedule`. */
const CROWD_WINDOW_MS = 1000;

/**
 * Runs the probes of many owners. Equal checks are run once, whoever asks; what is no longer asked for stops at once.
 */
export class ProbePool {
  readonly #deps: ProbePoolDeps;
  readonly #workerDeps: ProbeWorkerDeps;
  readonly #posts = new Map<string, Post>();
  readonly #owners = new Map<string, ReadonlyMap<string, Post>>();
  /** By period. */
  readonly #phases = new Map<number, Phases>();
  readonly #log = new RunLog();
  readonly #numbers = new NumberRows(WORKER_NUMBERS);
  #sequence = 0;
  #crowd = { sinceMs: Number.NEGATIVE_INFINITY, size: 0 };

  constructor(deps: ProbePoolDeps) {
    this.#deps = deps;
    this.#workerDeps = { ...deps, log: this.#log };
  }

  /** Number of checks that run. */
  get size(): number {
    return this.#posts.size;
  }

  /** Number of checks that have begun so far. */
  get begun(): number {
    return this.#sequence;
  }

  /**
   * Replaces all assignments of the owner. A check that runs already goes on undisturbed with the verdict it has; only
   * one that does not run begins with its `start`. An empty list forgets the owner.
   */
  assign(owner: string, assignments: readonly ProbeAssignment[]): void {
    const before = this.#owners.get(owner);
    const alone: Owners = [owner];
    const after = new Map(
      assignments.map((assignment): [string, Post] => {
        const known = before?.get(assignment.id);
        // Most assignments of most calls are as before, and comparing is cheaper than the key.
        const isKnown = known !== undefined && isSameCheck(known.worker.assignment, assignment);
        return [assignment.id, isKnown ? known : this.#post(assignment, alone)];
      }),
    );
    if (after.size === 0) this.#owners.delete(owner);
    else this.#owners.set(owner, after);
    const kept = new Set(after.values());
    // Equal checks of one owner have one post, which it leaves once.
    for (const post of new Set(before?.values())) {
      if (!kept.has(post)) this.#leave(post, owner);
    }
  }

  /** The state of an assignment; undefined when the owner has none of that id. */
  stateOf(owner: string, id: string): VerdictState | undefined {
    return this.#owners.get(owner)?.get(id)?.worker.state;
  }

  /** The checks of a pod. */
  report(namespace: string, podName: string): readonly CheckReport[] {
    const posts = [...this.#posts.values()].filter(({ worker: { assignment } }) => {
      const { target } = assignment;
      return target.namespace === namespace && target.podName === podName;
    });
    const nowMs = this.#deps.clock.monotonicMs();
    return posts.map(({ worker, owners, place }) => ({
      assignment: worker.assignment,
      owners,
      state: worker.state,
      runs: this.#log.read(place, nowMs),
    }));
  }

  /** Runs the checks for which the filter holds out of turn, once each. */
  probeNow(isMeant: (assignment: ProbeAssignment) => boolean): void {
    for (const { worker } of this.#posts.values()) {
      if (isMeant(worker.assignment)) worker.probeNow();
    }
  }

  /** Stops every worker. */
  stop(): void {
    for (const post of this.#posts.values()) this.#close(post);
    this.#posts.clear();
    this.#owners.clear();
  }

  #post(assignment: ProbeAssignment, alone: Owners): Post {
    const key = sharingKey(assignment);
    const post = this.#posts.get(key) ?? this.#open(key, assignment);
    const isOwned = alone.every((owner) => post.owners.includes(owner));
    if (!isOwned) post.owners = post.owners.length === 0 ? alone : post.owners.concat(alone);
    return post;
  }

  #open(key: string, assignment: ProbeAssignment): Post {
    const { bin, phase } = this.#takePhase(assignment.periodMs);
    const place = this.#log.take();
    const schedule = this.#firstSchedule(assignment, phase);
    const work = { assignment, schedule, place, numbers: this.#numbers.clear(place) };
    const post = new Post({ key, bin, work }, this.#workerDeps, this.#deps.onChange);
    this.#posts.set(key, post);
    return post;
  }

  #leave(post: Post, owner: string): void {
    post.owners = post.owners.filter((other) => other !== owner);
    if (post.owners.length > 0) return;
    this.#posts.delete(post.key);
    this.#close(post);
  }

  #close({ worker, bin, place }: Post): void {
    const { assignment } = worker;
    worker.stop();
    this.#log.giveBack(place);
    if (assignment.sentinel) this.#deps.sentinels.release(assignment.target);
    this.#deps.release(assignment);
    this.#returnPhase(assignment.periodMs, bin);
  }

  #takePhase(periodMs: number): TakenPhase {
    const { phases, taken } = takePhase(this.#phases.get(periodMs) ?? emptyPhases(periodMs));
    this.#phases.set(periodMs, phases);
    return taken;
  }

  #returnPhase(periodMs: number, bin: number): void {
    const phases = returnPhase(this.#phases.get(periodMs) ?? emptyPhases(periodMs), bin);
    if (phases.counts.some((count) => count > 0)) this.#phases.set(periodMs, phases);
    else this.#phases.delete(periodMs);
  }

  #firstSchedule(assignment: ProbeAssignment, phase: number): Schedule {
    const { clock } = this.#deps;
    const { initialDelayMs, startedAtSeconds, start } = assignment;
    const nowMs = clock.monotonicMs();
    const startedAtMs = startedAtSeconds === undefined ? undefined : 1000 * startedAtSeconds;
    const delayMs = remainingDelayMs(initialDelayMs, startedAtMs, clock.now().getTime());
    const crowd = this.#joinCrowd(nowMs);
    const sequence = this.#sequence++;
    return firstSchedule({ kind: start.firstRun, nowMs, phase, sequence, crowd, delayMs }, assignment);
  }

  #joinCrowd(nowMs: number): number {
    const isOver = nowMs - this.#crowd.sinceMs >= CROWD_WINDOW_MS;
    this.#crowd = isOver ? { sinceMs: nowMs, size: 1 } : { ...this.#crowd, size: this.#crowd.size + 1 };
    return this.#crowd.size;
  }
}
