import { describe, expect, it } from 'vitest';
import {
  differences,
  differencesFromForecast,
  differenceText,
} from '../../../../dev/oracle/compare-views.ts';
import type { Facts, View } from '../../../../dev/oracle/view.ts';

const KEY = 'endpoint IPv4 10.1.0.1 of pod-1, ports none';

function aView(facts: Facts, more: readonly (readonly [string, Facts])[] = []): View {
  return new Map([[KEY, facts], ...more]);
}

describe('differences', () => {
  it.each<{ name: string; wanted: Facts; got: Facts; want: readonly string[] }>([
    { name: 'equal facts', wanted: { ready: true }, got: { ready: true }, want: [] },
    { name: 'absent and undefined', wanted: { zone: undefined }, got: {}, want: [] },
    { name: 'the order of keys', wanted: { a: { b: 1, c: 2 } }, got: { a: { c: 2, b: 1 } }, want: [] },
    { name: 'a changed field', wanted: { ready: true }, got: { ready: false }, want: ['ready'] },
    { name: 'a missing field', wanted: { zone: 'a' }, got: {}, want: ['zone'] },
    { name: 'a field too many', wanted: {}, got: { zone: 'a' }, want: ['zone'] },
    { name: 'the order of a list', wanted: { a: [1, 2] }, got: { a: [2, 1] }, want: ['a'] },
    { name: 'a number and its text', wanted: { port: 80 }, got: { port: '80' }, want: ['port'] },
  ])('sees $name', ({ wanted, got, want }) => {
    expect(differences(aView(wanted), aView(got)).map(({ field }) => field)).toEqual(want);
  });

  it('names what only one side knows', () => {
    const view = aView({ ready: true });
    expect(differences(view, new Map())).toMatchObject([{ about: KEY, field: 'presence', got: 'absent' }]);
    expect(differences(new Map(), view)).toMatchObject([{ about: KEY, field: 'presence', wanted: 'absent' }]);
  });

  it('reads as a line', () => {
    expect(differences(aView({ ready: true }), aView({})).map(differenceText)).toEqual([
      `${KEY}: ready: wanted true, got nothing`,
    ]);
  });
});

describe('differences from a forecast', () => {
  it('passes over fields and things that the forecast does not speak of', () => {
    const got = aView({ ready: true, zone: 'a' }, [['service', { type: 'ClusterIP' }]]);
    expect(differencesFromForecast(aView({ ready: true }), got)).toEqual([]);
  });

  it('takes undefined as a word', () => {
    const found = differencesFromForecast(aView({ zone: undefined }), aView({ zone: 'a' }));
    expect(found).toMatchObject([{ field: 'zone', got: 'a' }]);
  });

  it('knows every endpoint that there should be', () => {
    expect(differencesFromForecast(new Map(), aView({}))).toMatchObject([{ about: KEY, field: 'presence' }]);
    expect(differencesFromForecast(aView({}), new Map())).toMatchObject([{ about: KEY, field: 'presence' }]);
  });
});
