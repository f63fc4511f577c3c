import type { Target } from '#lib/core/probe/target.ts';

/** Something that is held open for a target. */
export interface Held {
  readonly target: Target;
  /** Nobody will find it any more. */
  isReleased: boolean;
}

/** What is held open for targets: one thing for each pod, address and port. */
export class HeldByTarget<T extends Held> {
  readonly #make: (target: Target) => T;
  /** By the uid of the pod. A pod has few targets, and a key for each of them would take more memory than what it finds. */
  readonly #byPod = new Map<string, readonly T[]>();

  /** `make`: called for a target that nothing is held for yet. */
  constructor(make: (target: Target) => T) {
    this.#make = make;
  }

  /** What is held for the target. */
  of(target: Target): T {
    const ofPod = this.#byPod.get(target.podUid) ?? NOTHING;
    return find(ofPod, target) ?? this.#hold(target, ofPod);
  }

  /** Holds it no longer; undefined: there was nothing. */
  release(target: Target): T | undefined {
    const { podUid } = target;
    const ofPod = this.#byPod.get(podUid) ?? NOTHING;
    const held = find(ofPod, target);
    if (held === undefined) return undefined;
    const left = ofPod.filter((other) => other !== held);
    if (left.length === 0) this.#byPod.delete(podUid);
    else this.#byPod.set(podUid, left);
    held.isReleased = true;
    return held;
  }

  /** Holds nothing any more, and gives what there was. */
  releaseAll(): readonly T[] {
    const all = [...this.#byPod.values()].flat();
    this.#byPod.clear();
    for (const held of all) held.isReleased = true;
    return all;
  }

  #hold(target: Target, ofPod: readonly T[]): T {
    const held = this.#make(target);
    // A list that is spread into another has room for sixteen more.
    this.#byPod.set(target.podUid, ofPod.concat([held]));
    return held;
  }
}

const NOTHING: readonly never[] = [];

/** In each run of each check, so without a closure. */
function find<T extends Held>(ofPod: readonly T[], { port, address }: Target): T | undefined {
  for (const held of ofPod) if (held.target.port === port && held.target.address === address) return held;
  return undefined;
}
