import { expect, test } from 'vitest';
import type { Target } from '#lib/core/probe/target.ts';
import { type Held, HeldByTarget } from '#lib/probe/held-by-target.ts';
import { TARGET } from './probe-fixture.ts';

function held(): HeldByTarget<Held> {
  return new HeldByTarget<Held>((target) => ({ target, isReleased: false }));
}

const others: readonly { readonly name: string; readonly target: Target }[] = [
  { name: 'another port of the pod', target: { ...TARGET, port: TARGET.port + 1 } },
  { name: 'another address of the pod', target: { ...TARGET, address: '10.1.0.2' } },
  { name: 'another pod', target: { ...TARGET, podUid: 'another' } },
];

test.each(others)('$name has something of its own, which stays when the first is released', ({ target }) => {
  const things = held();
  const [first, other] = [things.of(TARGET), things.of(target)];
  expect(other).not.toBe(first);
  expect(things.release(TARGET)).toBe(first);
  expect([first.isReleased, other.isReleased]).toEqual([true, false]);
  expect(things.of(target)).toBe(other);
  expect(things.of(TARGET)).not.toBe(first);
});

test('an equal target finds the same thing until it is released', () => {
  const things = held();
  const first = things.of(TARGET);
  expect(things.of({ ...TARGET })).toBe(first);
  expect(things.release({ ...TARGET })).toBe(first);
  expect(things.release(TARGET)).toBeUndefined();
});

test('gives everything that it holds at the end, and holds nothing then', () => {
  const things = held();
  const all = [TARGET, ...others.map(({ target }) => target)].map((target) => things.of(target));
  expect(new Set(things.releaseAll())).toEqual(new Set(all));
  expect(all.every(({ isReleased }) => isReleased)).toBe(true);
  expect(things.releaseAll()).toEqual([]);
});
