import type { Change, Step } from './change.ts';
import { forecast } from './forecast.ts';
import type { HistoryStep } from './history.ts';
import type { Judgement, Pair } from './pair.ts';
import type { Rig } from './rig.ts';
import type { SharedLock } from './shared-lock.ts';
import { INITIAL_WORLD, type World } from './world.ts';

export interface HistoryDeps {
  readonly rig: Pick<Rig, 'watch' | 'nodes' | 'rezone' | 'dropNode' | 'restoreNode' | 'restart' | 'logged'>;
  readonly pair: Pair;
  /** Steps of one pair are taken beside those of others; a node changes while no other step is under way. */
  readonly lock: SharedLock;
  /** The runs under way on the rig: a change of a node concerns them all. */
  readonly runs: Set<HistoryRun>;
  /** Both sides must have come to the same after this time. */
  readonly deadlineMs: number;
  /** Learns how long each side took from the changes on. */
  readonly onSettled: (times: SettleTimes) => void;
}

export interface SettleTimes {
  readonly plainMs: number;
  readonly twinMs: number;
  /** How often the plain Service had to be brought to its controller's notice. */
  readonly pokes: number;
}

export type HistoryOutcome =
  | { readonly kind: 'agreed'; readonly steps: number }
  | {
      readonly kind: 'differed';
      /** Steps taken, the failing one included. */
      readonly history: readonly Step[];
      readonly world: World;
      readonly judgement: Judgement;
      /** What controllers and agents have logged about it. */
      readonly logged: readonly string[];
    };

/** Nothing has happened for so long: both sides are done. */
const QUIET_MS = 300;
const POKE_EVERY_MS = 500;
/** Longer than a retry of the EndpointSlice controller. */
const PATIENCE_MS = 1_500;

/** One history on one pair. To be run once. */
export class HistoryRun {
  readonly #deps: HistoryDeps;
  #world: World = INITIAL_WORLD;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /**
   * Takes the steps one after the other, each when the one before has settled; ends at the first that does not.
   * At the end everything must come to rest in agreement, so that no agreement was a passing one.
   */
  async run(steps: readonly HistoryStep[]): Promise<HistoryOutcome> {
    const history: Step[] = [];
    const { lock, runs } = this.#deps;
    runs.add(this);
    try {
      // What the first step deletes must stand.
      const opening = await lock.share(() => this.settle(PATIENCE_MS));
      if (!isAgreed(opening)) return this.#differed(history, opening);
      for (const { step, world } of steps) {
        history.push(step);
        const judgement = await this.#take(step, world);
        if (!isAgreed(judgement)) return this.#differed(history, judgement);
      }
      const rest = await this.#rest();
      return isAgreed(rest) ? { kind: 'agreed', steps: history.length } : this.#differed(history, rest);
    } finally {
      runs.delete(this);
    }
  }

  /**
   * Waits until both sides are as they should be and gives the last judgement. The EndpointSlice controller does not
   * notice everything that its Services depend on (nodes and their zones, the phase of a pod that was not ready): when
   * the plain Service stays behind for `patienceMs`, its controller is made to look at it again.
   */
  async settle(patienceMs: number): Promise<Judgement> {
    const { pair, rig, deadlineMs, onSettled } = this.#deps;
    const wanted = forecast(this.#world, rig.nodes());
    const start = performance.now();
    const sinceMs = (): number => performance.now() - start;
    const times = { plainMs: 0, twinMs: 0, pokes: 0 };
    let judgement = pair.judge(wanted);
    const isSettled = (): boolean => {
      judgement = pair.judge(wanted);
      if (judgement.plain.length > 0) times.plainMs = sinceMs();
      if (!isAgreed(judgement)) times.twinMs = sinceMs();
      return isAgreed(judgement);
    };
    for (let waitMs = patienceMs; sinceMs() < deadlineMs; waitMs = POKE_EVERY_MS) {
      if (await rig.watch.until(pair.namespaces, isSettled, waitMs)) {
        onSettled(times);
        // Not the latest judgement: what comes after an agreement belongs to the next look.
        return AGREED;
      }
      if (judgement.plain.length > 0) {
        times.pokes += 1;
        await pair.poke(times.pokes);
      }
    }
    return judgement;
  }

  /** Lets both sides come to rest and judges them once more. */
  async #rest(): Promise<Judgement> {
    const { pair, rig, deadlineMs } = this.#deps;
    await rig.watch.quiet(pair.namespaces, QUIET_MS, deadlineMs);
    const judgement = pair.judge(forecast(this.#world, rig.nodes()));
    return isAgreed(judgement) ? judgement : this.settle(PATIENCE_MS);
  }

  #differed(history: readonly Step[], judgement: Judgement): HistoryOutcome {
    const { pair, rig } = this.#deps;
    const logged = pair.namespaces.flatMap((namespace) => rig.logged(namespace));
    return { kind: 'differed', history, world: this.#world, judgement, logged };
  }

  #take(step: Step, world: World): Promise<Judgement> {
    const { lock, pair, rig } = this.#deps;
    const [first] = step;
    if (first?.kind === 'rezone') {
      return lock.alone(async () => {
        await rig.rezone(first.node, first.zone);
        return this.#settleAll();
      });
    }
    if (first?.kind === 'remakeNode') return lock.alone(() => this.#remakeNode(first));
    return lock.share(async () => {
      const restarts = step.filter((change) => change.kind === 'restart');
      const others = step.filter(({ kind }) => kind !== 'restart');
      await Promise.all([pair.carryOut(others), ...restarts.map((change) => rig.restart(change))]);
      this.#world = world;
      return this.settle(PATIENCE_MS);
    });
  }

  async #remakeNode({ node, zone, isPatient }: Extract<Change, { kind: 'remakeNode' }>): Promise<Judgement> {
    const { rig } = this.#deps;
    await rig.dropNode(node);
    const missing = isPatient ? await this.#settleAll() : AGREED;
    await rig.restoreNode(node, zone);
    return isAgreed(missing) ? this.#settleAll() : missing;
  }

  /** Of all runs, at once. */
  async #settleAll(): Promise<Judgement> {
    const judgements = await Promise.all([...this.#deps.runs].map((run) => run.settle(0)));
    return {
      plain: judgements.flatMap(({ plain }) => plain),
      twin: judgements.flatMap(({ twin }) => twin),
    };
  }
}

const AGREED: Judgement = { plain: [], twin: [] };

function isAgreed({ plain, twin }: Judgement): boolean {
  return plain.length === 0 && twin.length === 0;
}
