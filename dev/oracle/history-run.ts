import type { Step } from './change.ts';
import { forecast } from './forecast.ts';
import type { HistoryStep } from './history.ts';
import type { Judgement, Pair } from './pair.ts';
import type { Rig } from './rig.ts';
import type { SharedLock } from './shared-lock.ts';
import { INITIAL_WORLD, type World } from './world.ts';

export interface HistoryDeps {
  readonly rig: Pick<Rig, 'watch' | 'zones' | 'rezone'>;
  readonly pair: Pair;
  /** Steps of one pair are taken beside those of others; a node's zone changes while no other step is under way. */
  readonly lock: SharedLock;
  /** The runs under way on the rig: a change of a zone concerns them all. */
  readonly runs: Set<HistoryRun>;
  /** Both sides must have come to the same after this time. */
  readonly deadlineMs: number;
  /** Learns how long each side took from the changes on. */
  readonly onSettled: (times: SettleTimes) => void;
}

export interface SettleTimes {
  readonly plainMs: number;
  readonly twinMs: number;
}

export type HistoryOutcome =
  | { readonly kind: 'agreed'; readonly steps: number }
  | {
      readonly kind: 'differed';
      /** Steps taken, the failing one included. */
      readonly history: readonly Step[];
      readonly world: World;
      readonly judgement: Judgement;
    };

const POKE_EVERY_MS = 500;

/** One history on one pair. To be run once. */
export class HistoryRun {
  readonly #deps: HistoryDeps;
  #world: World = INITIAL_WORLD;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /** Takes the steps one after the other, each when the one before has settled; ends at the first that does not. */
  async run(steps: readonly HistoryStep[]): Promise<HistoryOutcome> {
    const history: Step[] = [];
    this.#deps.runs.add(this);
    try {
      for (const { step, world } of steps) {
        history.push(step);
        const judgement = await this.#take(step, world);
        if (!isAgreed(judgement)) return { kind: 'differed', history, world, judgement };
      }
      return { kind: 'agreed', steps: history.length };
    } finally {
      this.#deps.runs.delete(this);
    }
  }

  /**
   * Waits until both sides are as they should be and gives the last judgement. `poking`: the EndpointSlice
   * controller does not look at its Services when the zone of a node has changed, so that it has to be told to.
   */
  async settle(manner: 'waiting' | 'poking'): Promise<Judgement> {
    const { pair, rig, deadlineMs, onSettled } = this.#deps;
    const wanted = forecast(this.#world, rig.zones());
    const start = performance.now();
    const sinceMs = (): number => performance.now() - start;
    const times = { plainMs: 0, twinMs: 0 };
    const isSettled = (): boolean => {
      const judgement = pair.judge(wanted);
      if (judgement.plain.length > 0) times.plainMs = sinceMs();
      if (!isAgreed(judgement)) times.twinMs = sinceMs();
      return isAgreed(judgement);
    };
    for (let poke = 1; sinceMs() < deadlineMs; poke += 1) {
      if (manner === 'poking') await pair.poke(poke);
      const waitMs = manner === 'poking' ? POKE_EVERY_MS : deadlineMs;
      if (await rig.watch.until(pair.namespaces, isSettled, waitMs)) {
        onSettled(times);
        return { plain: [], twin: [] };
      }
    }
    return pair.judge(wanted);
  }

  #take(step: Step, world: World): Promise<Judgement> {
    const { lock, pair, rig, runs } = this.#deps;
    const [first] = step;
    if (first?.kind !== 'rezone') {
      return lock.share(async () => {
        await pair.carryOut(step);
        this.#world = world;
        return this.settle('waiting');
      });
    }
    return lock.alone(async () => {
      await rig.rezone(first.node, first.zone);
      const judgements = await Promise.all([...runs].map((run) => run.settle('poking')));
      return {
        plain: judgements.flatMap(({ plain }) => plain),
        twin: judgements.flatMap(({ twin }) => twin),
      };
    });
  }
}

function isAgreed({ plain, twin }: Judgement): boolean {
  return plain.length === 0 && twin.length === 0;
}
