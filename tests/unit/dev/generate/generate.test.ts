import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCrdSchema } from '../../../../dev/generate/crd-schema.ts';
import { toJsonSchema } from '../../../../dev/generate/json-schema.ts';
import { resourceTypes } from '../../../../dev/generate/resource-types.ts';
import { validatorModule } from '../../../../dev/generate/validator.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const schema = readCrdSchema(`${ROOT}/crds/servicewithhealthchecks.yaml`);

describe('the generator', () => {
  it('gives the same for the same definition', async () => {
    expect(await resourceTypes(schema)).toBe(await resourceTypes(schema));
    expect(await validatorModule(schema, ROOT)).toBe(await validatorModule(schema, ROOT));
  });

  it('makes a validator that runs without any package and fills in defaults', async () => {
    const source = await validatorModule(schema, ROOT);
    // A module from a data URL cannot import packages or files.
    const { validateSpec } = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    const spec = { ports: [{ port: 80 }], healthcheck: {} };
    expect(validateSpec(spec)).toBe(true);
    expect(spec).toMatchObject({
      type: 'ClusterIP',
      ports: [{ protocol: 'TCP' }],
      healthcheck: { periodSeconds: 10 },
    });
    expect(validateSpec({ ports: [{ port: 'x' }] })).toBe(false);
  });

  it.each([
    {
      name: 'a number or a text',
      node: { 'x-kubernetes-int-or-string': true, maxLength: 3 },
      want: { type: ['integer', 'string'], maxLength: 3 },
    },
    {
      name: 'a short integer',
      node: { type: 'integer', format: 'int32', minimum: 1 } as const,
      want: { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 },
    },
    {
      name: 'a map',
      node: { type: 'object', additionalProperties: { type: 'string' } } as const,
      want: { type: 'object', additionalProperties: { type: 'string' } },
    },
    {
      name: 'an object with a default',
      node: {
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'string' }, b: { type: 'boolean', default: true } },
      } as const,
      want: {
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'string' }, b: { type: 'boolean', default: true } },
      },
    },
  ])('checks $name', ({ node, want }) => {
    expect(toJsonSchema(node, 'check')).toEqual(want);
  });

  it('types a property with a default as present when read, as optional when written', () => {
    const node = { type: 'object', properties: { b: { type: 'boolean', default: true } } } as const;
    expect([toJsonSchema(node, 'read')['required'], toJsonSchema(node, 'written')['required']]).toEqual([
      ['b'],
      [],
    ]);
  });
});
