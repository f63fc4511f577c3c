import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../dev/manifest/yaml.ts';
import { checkSettings } from '../../../hooks/settings-check.ts';

const FILE = new URL('../../../openapi/config-values.yaml', import.meta.url);

interface Schema {
  readonly type: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly 'x-examples'?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

describe('checkSettings', () => {
  // The test is what keeps the schema and the check in step.
  const leaves = leavesOf(parseYaml(readFileSync(FILE, 'utf8')) as Schema);

  it.each(leaves)('lets every value of $path through that the schema does', ({ path, schema }) => {
    const good = schema.type === 'boolean' ? [true, false] : (schema.enum ?? schema['x-examples'] ?? []);
    expect(good.length).toBeGreaterThan(0);
    for (const value of good) expect(checkSettings(settingsWith(path, value))).toEqual([]);
  });

  it.each(leaves)('refuses in $path what the schema refuses', ({ path, schema }) => {
    const bad = [1, null, [], 'loud', '', '0m', '1', '1Gi', '01Mi', '100000m', '1m\n2m'];
    for (const value of bad) {
      expect(isRefusedBy(schema, value)).toBe(true);
      expect(checkSettings(settingsWith(path, value))).toEqual([
        expect.stringMatching(new RegExp(`^${path.replaceAll('.', '[.]')}: write `)),
      ]);
    }
  });

  it.each([
    { name: 'no settings', settings: {}, want: [] },
    { name: 'an empty section', settings: { agent: {}, controller: { resources: {} } }, want: [] },
    {
      name: 'several wrong ones',
      settings: { logLevel: 'loud', agent: { resources: { cpu: 1 } } },
      want: [
        'logLevel: write one of Debug, Info, Warn, Error',
        'agent.resources.cpu: write thousandths of a core, as 50m',
      ],
    },
    {
      name: 'a section that is none',
      settings: { agent: { resources: 'many' } },
      want: [
        'agent.resources.cpu: write thousandths of a core, as 50m',
        'agent.resources.memory: write mebibytes, as 128Mi',
      ],
    },
    { name: 'a list', settings: [], want: ['settings: write an object'] },
    { name: 'null', settings: null, want: ['settings: write an object'] },
  ])('judges $name', ({ settings, want }) => {
    expect(checkSettings(settings)).toEqual(want);
  });
});

interface Leaf {
  readonly path: string;
  readonly schema: Schema;
}

function leavesOf(schema: Schema, path: readonly string[] = []): readonly Leaf[] {
  if (schema.properties === undefined) return [{ path: path.join('.'), schema }];
  return Object.entries(schema.properties).flatMap(([name, child]) => leavesOf(child, [...path, name]));
}

function settingsWith(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

function isRefusedBy({ type, enum: words, pattern }: Schema, value: unknown): boolean {
  if (typeof value !== type) return true;
  if (words !== undefined && !words.some((word) => word === value)) return true;
  return pattern !== undefined && !new RegExp(pattern).test(String(value));
}
