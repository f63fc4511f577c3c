import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '#lib/runtime/options.ts';
import { PROGRAM } from '../../../../images/agent/src/options.ts';

const read = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  parseCommandLine(PROGRAM, args, env);

describe('the command line of the agent', () => {
  it('needs the node and has defaults for the rest', () => {
    expect(read(['--node-name', 'n'])).toMatchObject({
      kind: 'run',
      values: { 'node-name': 'n', 'log-level': 'info', 'metrics-address': { host: '127.0.0.1', port: 9874 } },
    });
    expect(read([])).toEqual({ kind: 'wrong', problem: '--node-name (or NODE_NAME) is missing' });
  });

  it.each([
    ['KUBECONFIG', 'kubeconfig', 'file'],
    ['NODE_NAME', 'node-name', 'node'],
    ['POD_NAMESPACE', 'namespace', 'ns'],
    ['LOG_LEVEL', 'log-level', 'debug'],
  ])('takes %s for --%s', (variable, flag, value) => {
    const line = read([], { NODE_NAME: 'n', [variable]: value });
    expect(line).toMatchObject({ kind: 'run', values: { [flag]: value } });
  });

  it('names a wrong flag', () => {
    expect(read(['--node', 'n'])).toEqual({ kind: 'wrong', problem: 'unknown flag --node' });
  });
});
