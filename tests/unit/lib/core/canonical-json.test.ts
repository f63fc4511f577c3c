import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, compareText } from '#lib/core/canonical-json.ts';
import { shortHash } from '#lib/core/short-hash.ts';

describe('canonicalJson', () => {
  it('sorts keys at every depth, keeps the order of lists and drops absent fields', () => {
    const given = { b: [{ d: 1, c: 2 }, 3], a: { f: undefined, e: null } };
    expect(canonicalJson(given)).toBe('{"a":{"e":null},"b":[{"c":2,"d":1},3]}');
  });

  it('says the same as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('compareText', () => {
  it('orders by code units, not by locale', () => {
    expect(['b', 'B', 'a', 'ä', 'a'].toSorted(compareText)).toEqual(['B', 'a', 'a', 'b', 'ä']);
  });
});

describe('shortHash', () => {
  it('stays what it is over releases: it is part of names in the cluster', () => {
    expect(shortHash({ b: 1, a: 'x' })).toBe(shortHash({ a: 'x', b: 1 }));
    expect(shortHash(['a-b', 'c'])).not.toBe(shortHash(['a', 'b-c']));
    expect(shortHash(null)).toBe('74234e98afe7498f');
  });
});
