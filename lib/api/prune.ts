/** Which fields a schema declares, without their rules. */
export type Shape =
  | { readonly kind: 'object'; readonly properties: Readonly<Record<string, Shape>> }
  | { readonly kind: 'list'; readonly items: Shape }
  /** Scalars and maps: taken as they are. */
  | { readonly kind: 'leaf' };

/**
 * A copy of the value with the declared fields only and without nulls, as the API server stores it. What does
 * not fit its shape stays, for the validator to find. As deep as the shape, whatever the value.
 */
export function prune(value: unknown, shape: Shape): unknown {
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((item) => prune(item, shape.items));
  if (shape.kind !== 'object' || !isRecord(value)) return value;
  const kept = Object.entries(shape.properties)
    .map(
      ([name, child]) => [name, Object.hasOwn(value, name) ? prune(value[name], child) : undefined] as const,
    )
    .filter(([, field]) => field !== undefined && field !== null);
  return Object.fromEntries(kept);
}

/** Whether the value is an object of JSON: neither null nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
