import { describe, expect, test } from 'vitest';
import { bool, integer, listenAddress, logLevel, text } from '#lib/runtime/option-values.ts';
import { parseCommandLine } from '#lib/runtime/options.ts';

const program = {
  name: 'agent',
  version: '1.2.3',
  summary: 'probes pods',
  options: {
    'node-name': { type: text('NAME'), env: 'NODE_NAME', help: 'Node' },
    kubeconfig: { type: text('FILE'), env: 'KUBECONFIG', help: 'API', fallback: { value: undefined } },
    'leader-elect': { type: bool, env: 'LEADER_ELECT', help: 'Elect', fallback: { value: true } },
    'metrics-address': {
      type: listenAddress,
      env: 'METRICS_ADDRESS',
      help: 'Metrics',
      fallback: { value: { host: '', port: 9 }, shown: ':9' },
    },
    'log-level': { type: logLevel, env: 'LOG_LEVEL', help: 'Log', fallback: { value: 'info' as const } },
    workers: { type: integer(1, 8), env: 'WORKERS', help: 'Workers', fallback: { value: 2 } },
  },
};

const parse = (args: readonly string[], env: Record<string, string> = { NODE_NAME: 'n1' }) =>
  parseCommandLine(program, args, env);

describe('values', () => {
  const cases = [
    { name: 'the environment', given: parse([]), flag: 'node-name', want: 'n1' },
    {
      name: 'the flag before the environment',
      given: parse(['--node-name', 'n2']),
      flag: 'node-name',
      want: 'n2',
    },
    { name: 'an equals sign', given: parse(['--leader-elect=false']), flag: 'leader-elect', want: false },
    { name: 'the default', given: parse([]), flag: 'workers', want: 2 },
    {
      name: 'an empty variable is none',
      given: parse([], { NODE_NAME: 'n', WORKERS: '' }),
      flag: 'workers',
      want: 2,
    },
    {
      name: 'an address of all hosts',
      given: parse(['--metrics-address', ':80']),
      flag: 'metrics-address',
      want: { host: '', port: 80 },
    },
    {
      name: 'an IPv6 address',
      given: parse(['--metrics-address', '[::1]:80']),
      flag: 'metrics-address',
      want: { host: '::1', port: 80 },
    },
  ] as const;
  test.each(cases)('$name', ({ given, flag, want }) => {
    expect(given.kind === 'run' && given.values[flag]).toEqual(want);
  });
});

describe('wrong use', () => {
  const cases = [
    { name: 'a missing value', given: parse([], {}), want: '--node-name (or NODE_NAME) is missing' },
    { name: 'an unknown flag', given: parse(['--nod-name', 'x']), want: 'unknown flag --nod-name' },
    { name: 'an argument', given: parse(['run']), want: 'only flags are understood, no arguments' },
    { name: 'a flag without its value', given: parse(['--workers']), want: '--workers needs a value' },
    { name: 'a value too many', given: parse(['--help=yes']), want: '--help takes no value' },
    { name: 'an empty flag', given: parse(['--node-name=']), want: '--node-name must not be empty: ""' },
    {
      name: 'a wrong number',
      given: parse(['--workers', '9']),
      want: '--workers must be a whole number from 1 to 8: "9"',
    },
    {
      name: 'a wrong port',
      given: parse(['--metrics-address', 'x:70000']),
      want: '--metrics-address must be HOST:PORT: "x:70000"',
    },
    {
      name: 'a wrong variable',
      given: parse([], { NODE_NAME: 'n', LOG_LEVEL: 'loud' }),
      want: 'LOG_LEVEL must be one of debug, info, warn, error: "loud"',
    },
  ];
  test.each(cases)('$name', ({ given, want }) => {
    expect(given).toEqual({ kind: 'wrong', problem: want });
  });
});

test('help names every flag with its variable and default, and needs no other flag', () => {
  const given = parse(['--help'], {});
  const help = given.kind === 'print' ? given.text : '';
  expect(help).toContain('--node-name NAME');
  expect(help).toMatch(/--metrics-address HOST:PORT +METRICS_ADDRESS +Metrics \(default: :9\)/);
  expect(help).toMatch(/NODE_NAME +Node \(required\)/);
});

test('version', () => {
  expect(parse(['--version'], {})).toEqual({ kind: 'print', text: 'agent 1.2.3' });
});
