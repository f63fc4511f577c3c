import type { Random } from '#lib/runtime/random.ts';

/** The same numbers for the same seed, on every machine: mulberry32, whose period of 2^32 no history reaches. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `from` to `to`, both included. */
export function wholeNumber(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

/** True in the given share of cases. */
export function chance(random: Random, share: number): boolean {
  return random() < share;
}

/** One of the items, each as likely as the others. Throws when there is none. */
export function oneOf<T>(random: Random, items: readonly T[]): T {
  const item = items[wholeNumber(random, 0, items.length - 1)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

/** One of the items, as likely as its weight says. */
export function weighted<T>(random: Random, items: readonly (readonly [weight: number, item: T])[]): T {
  let left = random() * items.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, item] of items) {
    left -= weight;
    if (left < 0) return item;
  }
  throw new Error('there is nothing to choose from');
}
