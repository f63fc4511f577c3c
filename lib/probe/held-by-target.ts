import type { Target } from '#lib/core/probe/target.ts';

interface Held<T> {
  readonly value: T;
  isReleased: boolean;
}

/**
 * What is held open for targets: one thing for each pod, address and port. The same target mostly comes as the same object, and
 * building its key after each run would cost more than everything else here.
 */
export class HeldByTarget<T> {
  readonly #make: (target: Target) => T;
  readonly #byKey = new Map<string, Held<T>>();
  readonly #known = new WeakMap<Target, Held<T>>();

  /** `make`: called for a target that nothing is held for yet. */
  constructor(make: (target: Target) => T) {
    this.#make = make;
  }

  /** What is held for the target. */
  of(target: Target): T {
    const known = this.#known.get(target);
    if (known !== undefined && !known.isReleased) return known.value;
    const key = keyOf(target);
    const held = this.#byKey.get(key) ?? { value: this.#make(target), isReleased: false };
    this.#byKey.set(key, held);
    this.#known.set(target, held);
    return held.value;
  }

  /** Holds it no longer; undefined: there was nothing. */
  release(target: Target): T | undefined {
    const key = keyOf(target);
    const held = this.#byKey.get(key);
    if (held === undefined) return undefined;
    this.#byKey.delete(key);
    held.isReleased = true;
    return held.value;
  }

  /** Holds nothing any more, and gives what there was. */
  releaseAll(): readonly T[] {
    const all = [...this.#byKey.values()];
    this.#byKey.clear();
    for (const held of all) held.isReleased = true;
    return all.map(({ value }) => value);
  }
}

function keyOf({ podUid, address, port }: Target): string {
  return `${podUid} ${address} ${port}`;
}
