import { describe, expect, it } from 'vitest';
import { PORT_FIELDS, SPEC_FIELDS } from '#lib/core/service/unknown-fields.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { createClusterFields } from '../../../../images/controller/src/cluster-fields.ts';

function document(spec: readonly string[], port: readonly string[]): string {
  const properties = (names: readonly string[]) => ({
    properties: Object.fromEntries(names.map((name) => [name, {}])),
  });
  const schemas = {
    'io.k8s.api.core.v1.ServicePort': properties(port),
    'io.k8s.api.core.v1.ServiceSpec': properties(spec),
  };
  return JSON.stringify({ components: { schemas } });
}

/** What is known after asking an API server that answers so. */
async function learned(read: () => Promise<string>) {
  let found = 0;
  const fields = createClusterFields({
    logger: createJsonLogger({ level: 'error' }),
    scan: async (_path, onChunk) => onChunk(Buffer.from(await read())),
    onFound() {
      found += 1;
    },
  });
  expect(fields.warnings()).toEqual([]);
  await fields.learn(new AbortController().signal);
  return { found, paths: fields.warnings().map(({ path }) => path) };
}

describe('the fields of a cluster', () => {
  it.each([
    { name: 'the known ones', spec: SPEC_FIELDS, port: PORT_FIELDS, want: [] },
    { name: 'fewer', spec: ['type'], port: ['port'], want: [] },
    {
      name: 'more',
      spec: [...SPEC_FIELDS, 'futureField'],
      port: [...PORT_FIELDS, 'futureMode'],
      want: ['spec.futureField', 'spec.ports[].futureMode'],
    },
  ])('are warned of where they are not known: $name', async ({ spec, port, want }) => {
    const { found, paths } = await learned(async () => document(spec, port));
    expect(paths).toEqual(want);
    expect(found).toBe(want.length > 0 ? 1 : 0);
  });

  it.each([
    { name: 'does not describe itself', read: async () => '{}' },
    { name: 'refuses', read: () => Promise.reject(new Error('forbidden')) },
  ])('are not guessed where the API server $name', async ({ read }) => {
    expect(await learned(read)).toEqual({ found: 0, paths: [] });
  });
});
