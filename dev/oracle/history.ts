import type { Random } from '#lib/runtime/random.ts';
import { type Change, changed, type Step } from './change.ts';
import { podChange } from './pod-changes.ts';
import { chance, oneOf, seededRandom, wholeNumber } from './random.ts';
import { serviceChange } from './service-changes.ts';
import { INITIAL_WORLD, NODE_NAMES, type World } from './world.ts';

/** One step of a history and the world that it leads to. */
export interface HistoryStep {
  readonly step: Step;
  readonly world: World;
}

/** Which history it is. */
export interface HistorySpec {
  readonly seed: number;
  readonly length: number;
  /** Holds the addresses of pods: see `nodeAddresses`. */
  readonly block: string;
}

/** The history of a seed: steps of which each is possible after the ones before. The same for the same spec. */
export function historyOf({ seed, length, block }: HistorySpec): readonly HistoryStep[] {
  const random = seededRandom(seed);
  const history: HistoryStep[] = [];
  for (let world = INITIAL_WORLD; history.length < length; ) {
    const step = nextStep(world, random, block);
    world = step.reduce(changed, world);
    history.push({ step, world });
  }
  return history;
}

/** The history that given steps make. */
export function replay(steps: readonly Step[]): readonly HistoryStep[] {
  let world = INITIAL_WORLD;
  return steps.map((step) => {
    world = step.reduce(changed, world);
    return { step, world };
  });
}

/** Most steps are one change; some are several at once, so that watchers see them in any grouping. */
function nextStep(world: World, random: Random, block: string): Step {
  if (chance(random, 0.02)) return [rezoning(random)];
  if (chance(random, 0.01)) return [remaking(random)];
  const step = someChanges(world, random, block);
  return chance(random, 0.01) ? [restarting(random), ...step] : step;
}

function someChanges(world: World, random: Random, block: string): Step {
  const length = chance(random, 0.7) ? 1 : wholeNumber(random, 2, 5);
  const step: Change[] = [];
  let current = world;
  for (let index = 0; index < length; index += 1) {
    const change = chance(random, 0.72)
      ? podChange(current, random, block)
      : serviceChange(current.service, random);
    step.push(change);
    current = changed(current, change);
  }
  return step;
}

function rezoning(random: Random): Change {
  return { kind: 'rezone', node: oneOf(random, NODE_NAMES), ...someZone(random) };
}

function remaking(random: Random): Change {
  const node = oneOf(random, NODE_NAMES);
  return { kind: 'remakeNode', node, ...someZone(random), isPatient: chance(random, 0.7) };
}

function restarting(random: Random): Change {
  const program = oneOf(random, ['controller', ...NODE_NAMES] as const);
  return { kind: 'restart', program, isCrash: chance(random, 0.5) };
}

function someZone(random: Random): { readonly zone?: string } {
  const zone = oneOf(random, ['zone-a', 'zone-b', 'zone-c', '']);
  return zone === '' ? {} : { zone };
}
