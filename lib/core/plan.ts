/** Writes that would make the world as desired. Data only; an empty plan is the normal case. */
export interface Plan<T> {
  readonly create: readonly T[];
  /** `current` carries the resource version that the write is conditional on. */
  readonly update: readonly { readonly current: T; readonly next: T }[];
  readonly delete: readonly T[];
}

/** Whether the plan writes nothing. */
export function isEmpty(plan: Plan<unknown>): boolean {
  return plan.create.length === 0 && plan.update.length === 0 && plan.delete.length === 0;
}
