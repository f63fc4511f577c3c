import type { SchemaNode } from './crd-schema.ts';

/** A JSON Schema (draft 7) as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What the schema is for: the type of an object as `written`, its type as `read` back (a property with a default
 * is always there), or the `check` of a pruned value, without what only people read.
 */
export type Purpose = 'written' | 'read' | 'check';

const INT32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
/** Copied as they are: structural schemas mean the same by them. */
const CHECKED_KEYWORDS = ['default', 'enum', 'minimum', 'maximum', 'maxLength', 'maxItems'] as const;

/**
 * The JSON Schema that accepts what the structural schema accepts of an already pruned value. Formats are left
 * out, except that int32 becomes its bounds; rules (CEL) have no counterpart here.
 */
export function toJsonSchema(node: SchemaNode, purpose: Purpose): JsonSchema {
  const keywords = purpose === 'check' ? CHECKED_KEYWORDS : (['description', 'enum'] as const);
  const common = Object.fromEntries(
    keywords.filter((keyword) => node[keyword] !== undefined).map((keyword) => [keyword, node[keyword]]),
  );
  if (node['x-kubernetes-int-or-string'] === true) {
    return {
      type: ['integer', 'string'],
      ...common,
      ...(purpose !== 'check' && { tsType: '(number | string)' }),
    };
  }
  const bounds = node.format === 'int32' && purpose === 'check' ? INT32 : {};
  return {
    type: node.type,
    ...bounds,
    ...common,
    ...objectKeywords(node, purpose),
    ...(node.items !== undefined && { items: toJsonSchema(node.items, purpose) }),
  };
}

function objectKeywords(node: SchemaNode, purpose: Purpose): JsonSchema {
  if (node.type !== 'object') return {};
  if (node.additionalProperties !== undefined) {
    return { additionalProperties: toJsonSchema(node.additionalProperties, purpose) };
  }
  const properties = Object.entries(node.properties ?? {});
  const defaulted = properties.filter(([, child]) => child.default !== undefined).map(([name]) => name);
  return {
    ...(purpose !== 'check' && { additionalProperties: false }),
    properties: Object.fromEntries(properties.map(([name, child]) => [name, toJsonSchema(child, purpose)])),
    required: [...(node.required ?? []), ...(purpose === 'read' ? defaulted : [])],
  };
}
