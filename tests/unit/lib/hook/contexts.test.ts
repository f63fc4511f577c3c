import { describe, expect, it } from 'vitest';
import { type HookBatch, runBatchHost } from '#lib/hook/batch-host.ts';
import type { Hook, KubernetesBinding } from '#lib/hook/hook.ts';
import { asModuleHook, type ModuleHook } from '#lib/hook/module-hook.ts';
import { runOperatorHost } from '#lib/hook/operator-host.ts';
import { createResidentHook } from '#lib/hook/resident-host.ts';
import { PODS as POD_RESOURCE } from '#lib/kube/resources.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { aPod, CONTEXT_VECTORS, type ContextVector } from '../../../support/context-vectors.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { HOOK_NOW, type HookRun, runHookProgram } from '../../../support/hook-process.ts';
import { MemoryApi, memorySource } from '../../../support/memory-api.ts';

const PODS: KubernetesBinding = { name: 'pods', apiVersion: 'v1', kind: 'Pod' };

/** Labels every object that it sees. */
const labeller: Hook = {
  name: 'labeller',
  config: { configVersion: 'v1', kubernetes: [PODS] },
  keysOf: (_binding, { metadata }) => [`${metadata.namespace}/${metadata.name}`],
  reconcile: ({ pods = [] }) =>
    pods.map(({ metadata: { namespace = '', name } }) => ({
      operation: 'MergePatch',
      apiVersion: 'v1',
      kind: 'Pod',
      namespace,
      name,
      mergePatch: { metadata: { labels: { seen: 'yes' } } },
    })),
};

/** What came out of a run, in the words of a vector. */
function outcomeOf({ exitCode, stdout, stderr, operations }: HookRun): unknown {
  if (exitCode !== 0) return { exitCode, stderr, operations };
  return { exitCode, stdout, stderr, seen: operations.map((one) => Object(one).name) };
}

function expected({ want }: ContextVector): unknown {
  if (typeof want === 'object' && 'error' in want) {
    return { exitCode: 1, stderr: expect.stringContaining(want.error), operations: [] };
  }
  return { exitCode: 0, stdout: '', stderr: '', seen: want === 'nothing' ? [] : want };
}

const asBatch = (hook: ModuleHook): HookBatch => ({
  hooks: [hook],
  readiness: hook,
  checkSettings: () => [],
});

describe.each(CONTEXT_VECTORS)('$name', (vector) => {
  const files = { BINDING_CONTEXT_PATH: vector.context };

  it('under shell-operator', () => {
    const run = runHookProgram((process) => runOperatorHost([labeller], process), [], files);
    expect(outcomeOf(run)).toEqual(expected(vector));
  });

  it.each([['run', '0'], ['ready']])('as a batch hook: hook %s', (...args) => {
    const batch = asBatch(asModuleHook(labeller));
    const run = runHookProgram((process) => runBatchHost(batch, process), ['hook', ...args], files);
    expect(outcomeOf(run)).toEqual(expected(vector));
  });
});

// What an operator cannot tell, no informer tells either.
const worlds = CONTEXT_VECTORS.flatMap(({ name, want }) =>
  Array.isArray(want) ? [{ name, names: want }] : [],
);

describe('the resident host', () => {
  it.each(worlds)('does for the same objects what an operator has done for $name', async ({ names }) => {
    const api = new MemoryApi();
    const source = memorySource(POD_RESOURCE);
    const logger = createJsonLogger({ level: 'error' });
    const sources = { pods: source };
    const resident = createResidentHook({ hook: labeller, api, clock: new FakeClock(), logger, sources });
    resident.follow(() => {});
    for (const name of names) source.put(api.seed(POD_RESOURCE, { ...aPod(name), kind: 'Pod' }));
    for (const key of resident.keys()) await resident.reconcile(key, new AbortController().signal);
    expect(api.writes).toEqual(names.map((name: string) => `patch Pod ns/${name}`));
  });
});

describe('a hook of the module', () => {
  const run = (hook: ModuleHook, files: Readonly<Record<string, unknown>>) =>
    runHookProgram((process) => runBatchHost(asBatch(hook), process), ['hook', 'run', '0'], files);

  it('without bindings runs at its moment, snapshots or not', () => {
    const hook: ModuleHook = {
      name: 'goodbye',
      config: { beforeDeleteHelm: 1 },
      run: () => ({ operations: [{ operation: 'Delete', apiVersion: 'v1', kind: 'ConfigMap', name: 'x' }] }),
    };
    const { operations } = run(hook, {
      BINDING_CONTEXT_PATH: [{ binding: 'beforeDeleteHelm', snapshots: {} }],
    });
    expect(operations).toHaveLength(1);
  });

  it('with a filter sees what the filter leaves, with its values and its time', () => {
    const seen: unknown[] = [];
    const hook: ModuleHook = {
      name: 'filtered',
      config: { kubernetes: [{ ...PODS, jqFilter: '{metadata}' }] },
      run(input) {
        seen.push(input);
        return { operations: [] };
      },
    };
    const snapshots = { pods: [{ filterResult: aPod('a') }] };
    run(hook, {
      BINDING_CONTEXT_PATH: [{ binding: 'pods', type: 'Group', groupName: 'main', snapshots }],
      VALUES_PATH: { global: {} },
    });
    expect(seen).toEqual([{ snapshots: { pods: [aPod('a')] }, values: { global: {} }, now: HOOK_NOW }]);
  });

  it('writes gauges in a group of its own, and one line of log', () => {
    const hook: ModuleHook = {
      name: 'ready',
      config: { kubernetes: [PODS] },
      run: () => ({ operations: [], metrics: [{ name: 'up', value: 0 }], message: 'not ready' }),
    };
    const { metrics, stdout } = run(hook, {
      BINDING_CONTEXT_PATH: [{ binding: 'pods', type: 'Group', groupName: 'main', snapshots: { pods: [] } }],
    });
    expect(metrics).toEqual([{ name: 'up', value: 0, action: 'set', group: 'module/ready' }]);
    expect(stdout).toBe('{"level":"warn","msg":"not ready"}\n');
  });
});
