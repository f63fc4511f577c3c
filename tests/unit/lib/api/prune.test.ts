import { describe, expect, it } from 'vitest';
import { prune, type Shape } from '#lib/api/prune.ts';

const LEAF: Shape = { kind: 'leaf' };
const SHAPE: Shape = {
  kind: 'object',
  properties: {
    name: LEAF,
    labels: { kind: 'map' },
    list: { kind: 'list', items: { kind: 'object', properties: { port: LEAF } } },
  },
};

describe('prune', () => {
  it.each([
    { name: 'keeps declared fields only', given: { name: 'a', color: 'red' }, want: { name: 'a' } },
    { name: 'drops nulls', given: { name: null, list: null }, want: {} },
    {
      name: 'prunes within lists',
      given: { list: [{ port: 1, x: 2 }, { x: 3 }] },
      want: { list: [{ port: 1 }, {}] },
    },
    {
      name: 'drops nulls in maps, as the API server does',
      given: { labels: { a: 'b', c: null } },
      want: { labels: { a: 'b' } },
    },
    { name: 'keeps what has a wrong type', given: { list: { port: 1 } }, want: { list: { port: 1 } } },
    { name: 'keeps null items', given: { list: [null] }, want: { list: [null] } },
    { name: 'does not read the prototype', given: Object.create({ name: 'a' }), want: {} },
    { name: 'leaves other values alone', given: 'text', want: 'text' },
  ])('$name', ({ given, want }) => {
    expect(prune(given, SHAPE)).toEqual(want);
  });
});
