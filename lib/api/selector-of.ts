import { isRecord } from '#lib/api/prune.ts';

/** The selector of an unchecked object, also of one whose spec is rejected: a Service that is given back must have one. */
export function selectorOf({ spec }: { readonly spec?: unknown }): Readonly<Record<string, string>> {
  const selector = isRecord(spec) ? spec['selector'] : undefined;
  if (!isRecord(selector)) return {};
  return Object.fromEntries(
    Object.entries(selector).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
