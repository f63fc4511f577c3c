import { describe, expect, it } from 'vitest';
import { withSchemaDefaults } from '../../../../dev/chart/schema-defaults.ts';

const schema = {
  properties: {
    level: { default: 'Info' },
    free: {},
    agent: { default: {}, properties: { mode: { default: 'Pod' }, cpu: {} } },
    optional: { properties: { size: { default: 1 } } },
  },
};
const agent = { mode: 'Pod' };

describe('withSchemaDefaults', () => {
  it.each([
    { name: 'fills an empty object', given: {}, want: { level: 'Info', agent } },
    { name: 'keeps what is given', given: { level: 'Debug' }, want: { level: 'Debug', agent } },
    {
      name: 'fills beside what is given in an object',
      given: { agent: { cpu: '1m' } },
      want: { level: 'Info', agent: { mode: 'Pod', cpu: '1m' } },
    },
    { name: 'keeps false and 0', given: { level: false, free: 0 }, want: { level: false, free: 0, agent } },
    {
      name: 'keeps what no property describes',
      given: { other: [] },
      want: { level: 'Info', agent, other: [] },
    },
    {
      name: 'makes no object that has no default',
      given: { optional: {} },
      want: { level: 'Info', agent, optional: { size: 1 } },
    },
    {
      name: 'leaves a value of the wrong shape to the validation',
      given: { agent: 'x' },
      want: { level: 'Info', agent: 'x' },
    },
  ])('$name', ({ given, want }) => {
    expect(withSchemaDefaults(schema, given)).toEqual(want);
  });
});
