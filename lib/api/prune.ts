/** Which fields a schema declares, without their rules. */
export type Shape =
  | { readonly kind: 'object'; readonly properties: Readonly<Record<string, Shape>> }
  | { readonly kind: 'list'; readonly items: Shape }
  /** Keys are free, values are scalars. */
  | { readonly kind: 'map' }
  | { readonly kind: 'leaf' };

/**
 * A copy of the value with the declared fields only and without nulls, as the API server stores it. What does
 * not fit its shape stays, for the validator to find. As deep as the shape, whatever the value.
 */
export function prune(value: unknown, shape: Shape): unknown {
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((item) => prune(item, shape.items));
  if (shape.kind === 'map' && isRecord(value)) return withoutNulls(Object.entries(value));
  if (shape.kind !== 'object' || !isRecord(value)) return value;
  const declared = Object.entries(shape.properties).filter(([name]) => Object.hasOwn(value, name));
  return withoutNulls(declared.map(([name, child]) => [name, prune(value[name], child)]));
}

function withoutNulls(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries.filter(([, field]) => field !== undefined && field !== null));
}

/** Whether the value is an object of JSON: neither null nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
