import { canonicalJson } from '#lib/core/canonical-json.ts';
import type { Facts, View } from './view.ts';

/** One field that two views say differently. */
export interface Difference {
  /** What it is said about: a key of the views. */
  readonly about: string;
  /** `presence` where one of them does not know the thing at all. */
  readonly field: string;
  readonly wanted: unknown;
  readonly got: unknown;
}

/** Every difference between two views, by key and field. */
export function differences(wanted: View, got: View): readonly Difference[] {
  const keys = [...new Set([...wanted.keys(), ...got.keys()])].toSorted();
  return keys.flatMap((about) => differencesAbout(about, wanted.get(about), got.get(about)));
}

/** Differences in the keys and fields that `wanted` speaks of; endpoints that it does not know count too. */
export function differencesFromForecast(wanted: View, got: View): readonly Difference[] {
  return differences(wanted, got).filter(({ about, field }) => {
    const facts = wanted.get(about);
    return facts === undefined ? about.startsWith('endpoint ') : field === 'presence' || field in facts;
  });
}

/** One line for a person. */
export function differenceText({ about, field, wanted, got }: Difference): string {
  return `${about}: ${field}: wanted ${textOf(wanted)}, got ${textOf(got)}`;
}

function differencesAbout(
  about: string,
  wanted: Facts | undefined,
  got: Facts | undefined,
): readonly Difference[] {
  if (wanted === undefined || got === undefined) {
    return [{ about, field: 'presence', wanted: wanted ?? 'absent', got: got ?? 'absent' }];
  }
  const fields = [...new Set([...Object.keys(wanted), ...Object.keys(got)])];
  return fields
    .filter((field) => textOf(wanted[field]) !== textOf(got[field]))
    .map((field) => ({ about, field, wanted: wanted[field], got: got[field] }));
}

function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : canonicalJson(value);
}
