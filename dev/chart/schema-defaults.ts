/** The part of an OpenAPI schema that says what is filled in. */
export interface ValuesSchema {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, ValuesSchema>>;
}

/**
 * The value with the defaults of its schema, as Deckhouse fills them in before it renders a chart; Helm knows nothing of
 * them. What is given wins, object by object. A default of an object gets the defaults of its own properties.
 */
export function withSchemaDefaults(schema: ValuesSchema, given: unknown): unknown {
  const value = given === undefined ? schema.default : given;
  if (schema.properties === undefined || !isRecord(value)) return value;
  const filled = Object.entries(schema.properties)
    .map(([name, child]) => [name, withSchemaDefaults(child, value[name])] as const)
    .filter(([, one]) => one !== undefined);
  return { ...value, ...Object.fromEntries(filled) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
