/**
 * What CycloneDX 1.6 asks of the parts of a bill of materials that ours has, as a JSON schema; see
 * https://cyclonedx.org/docs/1.6/json/. Parts that ours has not are refused, although the format knows them.
 */

const TEXT = { type: 'string' };
const REFERENCE = { type: 'string', minLength: 1 };

const EXPRESSION = {
  type: 'array',
  minItems: 1,
  maxItems: 1,
  items: closed({ expression: REFERENCE }, ['expression']),
};

const HASH = closed(
  {
    alg: { enum: ['SHA-256', 'SHA-384', 'SHA-512'] },
    content: { type: 'string', pattern: '^([a-fA-F0-9]{64}|[a-fA-F0-9]{96}|[a-fA-F0-9]{128})$' },
  },
  ['alg', 'content'],
);

const EXTERNAL_REFERENCE = closed(
  {
    url: { type: 'string', pattern: '^https://' },
    type: { enum: ['website', 'vcs', 'license', 'documentation'] },
  },
  ['url', 'type'],
);

const COMPONENT = closed(
  {
    type: {
      enum: ['application', 'framework', 'library', 'container', 'platform', 'operating-system', 'file'],
    },
    'bom-ref': REFERENCE,
    name: REFERENCE,
    version: TEXT,
    description: TEXT,
    licenses: EXPRESSION,
    purl: { type: 'string', pattern: '^pkg:[a-z]+/' },
    hashes: { type: 'array', items: HASH },
    externalReferences: { type: 'array', items: EXTERNAL_REFERENCE },
  },
  ['type', 'name'],
);

const DEPENDENCY = closed(
  { ref: REFERENCE, dependsOn: { type: 'array', uniqueItems: true, items: REFERENCE } },
  ['ref'],
);

export const CYCLONEDX_SCHEMA = closed(
  {
    $schema: { const: 'http://cyclonedx.org/schema/bom-1.6.schema.json' },
    bomFormat: { const: 'CycloneDX' },
    specVersion: { const: '1.6' },
    version: { type: 'integer', minimum: 1 },
    metadata: closed({ component: COMPONENT }, []),
    components: { type: 'array', uniqueItems: true, items: COMPONENT },
    dependencies: { type: 'array', uniqueItems: true, items: DEPENDENCY },
  },
  ['bomFormat', 'specVersion'],
);

/** An object of these properties and no others. */
function closed(properties: Readonly<Record<string, object>>, required: readonly string[]) {
  return { type: 'object', additionalProperties: false, properties, required };
}
