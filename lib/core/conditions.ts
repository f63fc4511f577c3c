import { compareText } from '#lib/core/canonical-json.ts';
import type { Condition } from '#lib/core/kubernetes.ts';
import { timestamp } from '#lib/core/timestamp.ts';

/** A condition as its writer sees it: the transition time follows from what was there before. */
export type ConditionUpdate = Omit<Condition, 'lastTransitionTime'> & { readonly observedGeneration: number };

/**
 * The conditions with this one set, sorted by type. `lastTransitionTime` is `now` when the status differs from
 * before (or the condition is a first one) and stays otherwise.
 */
export function setCondition(
  conditions: readonly Condition[],
  update: ConditionUpdate,
  now: Date,
): readonly Condition[] {
  const before = conditions.find(({ type }) => type === update.type);
  const lastTransitionTime = before?.status === update.status ? before.lastTransitionTime : timestamp(now);
  return [
    ...conditions.filter(({ type }) => type !== update.type),
    { ...update, lastTransitionTime },
  ].toSorted((a, b) => compareText(a.type, b.type));
}
