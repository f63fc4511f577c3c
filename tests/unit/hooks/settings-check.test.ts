import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../dev/manifest/yaml.ts';
import { checkSettings } from '../../../hooks/settings-check.ts';

const SCHEMA = new URL('../../../openapi/config-values.yaml', import.meta.url);

describe('checkSettings', () => {
  it('knows every property and every value of the schema', () => {
    // The file has this form: the test is what keeps both in step.
    const schema = parseYaml(readFileSync(SCHEMA, 'utf8')) as {
      readonly properties: Readonly<Record<string, { readonly enum: readonly string[] }>>;
    };
    expect(Object.keys(schema.properties)).toEqual(['logLevel']);
    for (const logLevel of schema.properties['logLevel']?.enum ?? [])
      expect(checkSettings({ logLevel })).toEqual([]);
  });

  it.each([
    { name: 'no settings', settings: {}, want: [] },
    {
      name: 'an unknown level',
      settings: { logLevel: 'loud' },
      want: ['logLevel: write one of Debug, Info, Warn, Error'],
    },
    {
      name: 'a level that is no text',
      settings: { logLevel: 1 },
      want: ['logLevel: write one of Debug, Info, Warn, Error'],
    },
    { name: 'a list', settings: [], want: ['settings: write an object'] },
    { name: 'null', settings: null, want: ['settings: write an object'] },
  ])('judges $name', ({ settings, want }) => {
    expect(checkSettings(settings)).toEqual(want);
  });
});
