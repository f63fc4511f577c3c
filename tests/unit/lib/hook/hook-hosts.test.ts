import { describe, expect, it } from 'vitest';
import { runBatchHost } from '#lib/hook/batch-host.ts';
import type { Hook, KubernetesBinding } from '#lib/hook/hook.ts';
import { asModuleHook } from '#lib/hook/module-hook.ts';
import { runOperatorHost } from '#lib/hook/operator-host.ts';
import { groupContext, runHookProgram } from '../../../support/hook-process.ts';

const PODS: KubernetesBinding = { name: 'pods', apiVersion: 'v1', kind: 'Pod', executeHookOnEvent: [] };
const NODES: KubernetesBinding = { name: 'nodes', apiVersion: 'v1', kind: 'Node' };

/** Deletes every object of its binding. */
function sweeper(name: string, binding: KubernetesBinding): Hook {
  return {
    name,
    config: { configVersion: 'v1', kubernetes: [binding] },
    keysOf: (_binding, object) => [object.metadata.name],
    reconcile: (snapshots) =>
      (snapshots[binding.name] ?? []).map((object) => ({
        operation: 'DeleteInBackground',
        apiVersion: 'v1',
        kind: binding.kind,
        name: object.metadata.name,
        // Not the operator's word: its hosts leave it out.
        confirmMs: 1_000,
      })),
  };
}

const hooks = [sweeper('sweep-pods', PODS), sweeper('sweep-nodes', NODES)];
const operator = (...args: Parameters<typeof runHookProgram> extends [unknown, ...infer R] ? R : never) =>
  runHookProgram((process) => runOperatorHost(hooks, process), ...args);
const batch = (...args: Parameters<typeof runHookProgram> extends [unknown, ...infer R] ? R : never) =>
  runHookProgram(
    (process) =>
      runBatchHost(
        {
          hooks: hooks.map(asModuleHook),
          checkSettings: (settings) => (settings === null ? ['settings are null'] : []),
        },
        process,
      ),
    ...args,
  );
const world = { pods: [{ metadata: { name: 'a' } }], nodes: [{ metadata: { name: 'n' } }] };

describe('runOperatorHost', () => {
  it('prints one configuration with all bindings in one group, and nothing else', () => {
    const { exitCode, stdout, stderr } = operator(['--config']);
    expect({ exitCode, stderr, config: JSON.parse(stdout) }).toEqual({
      exitCode: 0,
      stderr: '',
      config: {
        configVersion: 'v1',
        kubernetes: [
          { name: 'pods', apiVersion: 'v1', kind: 'Pod', executeHookOnEvent: [], group: 'main' },
          { name: 'nodes', apiVersion: 'v1', kind: 'Node', group: 'main' },
        ],
      },
    });
  });

  it('writes the operations of all hooks, one JSON document a line', () => {
    const { exitCode, operations, stdout } = operator([], { BINDING_CONTEXT_PATH: groupContext(world) });
    expect({ exitCode, stdout, operations }).toEqual({
      exitCode: 0,
      stdout: '',
      operations: [
        { operation: 'DeleteInBackground', apiVersion: 'v1', kind: 'Pod', name: 'a' },
        { operation: 'DeleteInBackground', apiVersion: 'v1', kind: 'Node', name: 'n' },
      ],
    });
  });

  it.each([
    { name: 'a missing snapshot', context: groupContext({ pods: [] }), want: 'no snapshot of nodes' },
    {
      name: 'an item without object',
      context: groupContext({ ...world, pods: [1] }),
      want: 'without object',
    },
    { name: 'a context that is no list', context: {}, want: 'not a list' },
  ])('fails on $name and writes nothing', ({ context, want }) => {
    const run = operator([], { BINDING_CONTEXT_PATH: context });
    expect(run).toMatchObject({ exitCode: 1, operations: [], stderr: expect.stringContaining(want) });
  });

  it('has nothing to do where no context has snapshots', () => {
    const run = operator([], { BINDING_CONTEXT_PATH: [{ binding: 'onStartup' }] });
    expect(run).toMatchObject({ exitCode: 0, operations: [] });
  });

  it('names the variable that is not set', () => {
    expect(operator([])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('BINDING_CONTEXT_PATH'),
    });
  });

  it('refuses the batch arguments, so that it is not taken for a batch', () => {
    expect(operator(['hook', 'config'])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('runBatchHost', () => {
  it('announces how many hooks there are', () => {
    const { stdout, exitCode } = batch(['hook', 'list']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Found [1-9]\d{0,3} items$/m);
    expect(stdout).toContain('Found 2 items\n0: sweep-pods\n1: sweep-nodes\n');
  });

  it('prints the configuration in the words of a batch', () => {
    expect(JSON.parse(batch(['hook', 'config']).stdout)).toEqual({
      version: 'v1',
      hooks: [
        {
          configVersion: 'v1',
          metadata: { name: 'sweep-pods', path: 'hooks/sweep-pods' },
          kubernetes: [
            {
              name: 'pods',
              apiVersion: 'v1',
              kind: 'Pod',
              keepFullObjectsInMemory: true,
              executeHookOnEvent: false,
            },
          ],
        },
        {
          configVersion: 'v1',
          metadata: { name: 'sweep-nodes', path: 'hooks/sweep-nodes' },
          kubernetes: [
            {
              name: 'nodes',
              apiVersion: 'v1',
              kind: 'Node',
              keepFullObjectsInMemory: true,
              executeHookOnEvent: true,
            },
          ],
        },
      ],
      has_settings_check: true,
    });
  });

  it('runs one hook, which needs its own snapshots only', () => {
    const run = batch(['hook', 'run', '1'], { BINDING_CONTEXT_PATH: groupContext({ nodes: world.nodes }) });
    expect(run).toMatchObject({ exitCode: 0, operations: [{ kind: 'Node', name: 'n' }] });
  });

  it.each([
    { name: 'an index that is too large', args: ['hook', 'run', '2'], exitCode: 1 },
    { name: 'a missing index', args: ['hook', 'run'], exitCode: 1 },
    { name: 'readiness, which nothing reports', args: ['hook', 'ready'], exitCode: 1 },
    { name: '--config, by which it would pass for a shell hook', args: ['--config'], exitCode: 2 },
    { name: 'no arguments', args: [], exitCode: 2 },
    { name: 'an unknown command', args: ['hook', 'toString'], exitCode: 2 },
  ])('refuses $name with one JSON line', ({ args, exitCode }) => {
    const run = batch(args);
    expect({ exitCode: run.exitCode, stdout: run.stdout }).toEqual({ exitCode, stdout: '' });
    expect(JSON.parse(run.stderr)).toEqual({ message: expect.any(String) });
  });

  it('checks settings and says what is wrong on stderr only', () => {
    expect(batch(['hook', 'check'], { SETTINGS_PATH: {} })).toMatchObject({ exitCode: 0, stderr: '' });
    const wrong = batch(['hook', 'check'], { SETTINGS_PATH: null });
    expect(wrong).toMatchObject({ exitCode: 1, stdout: '' });
    expect(JSON.parse(wrong.stderr)).toEqual({ valid: false, message: 'settings are null', warnings: [] });
  });
});
