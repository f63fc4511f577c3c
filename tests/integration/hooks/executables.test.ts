import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureProductBuilt } from '../../../dev/cluster/built-product.ts';
import { readiness } from '../../../hooks/readiness.ts';
import { MODULE_HOOKS } from '../../../hooks/registry.ts';
import { type EmptyRoot, emptyRoot } from '../../support/empty-root.ts';
import { groupContext } from '../../support/hook-process.ts';

/**
 * The executables of hooks, as operators start them: in a root directory that holds nothing else, with files for
 * input and output. What the hooks decide is in the unit tests; here is what only the built file can get wrong.
 */

const MODULE_HOOK = '/hooks/module/service-with-healthchecks';
const RECONCILE_HOOK = '/hooks/shell-operator/service-with-healthchecks';

let root: EmptyRoot;

beforeAll(async () => {
  await ensureProductBuilt();
  root = emptyRoot(['hooks']);
}, 120_000);
afterAll(() => root?.remove());

/** Runs a command of the module's hook with these documents as files, by the variables that name them. */
async function hook(args: readonly string[], documents: Readonly<Record<string, unknown>> = {}) {
  const files = Object.entries({ KUBERNETES_PATCH_PATH: '', METRICS_PATH: '', ...documents });
  for (const [name, document] of files) {
    root.write(`/${name}`, typeof document === 'string' ? document : JSON.stringify(document));
  }
  const env = Object.fromEntries(files.map(([name]) => [name, `/${name}`]));
  return root.run(MODULE_HOOK, ['hook', ...args], env);
}

function linesOf(path: string): readonly unknown[] {
  const lines = root.read(path).split('\n');
  return lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line));
}

describe('the executable of the module', () => {
  test('lists its hooks as addon-operator counts them', async () => {
    const { status, stdout, stderr } = await hook(['list']);
    const names = MODULE_HOOKS.map(({ name }, index) => `${index}: ${name}\n`).join('');
    expect({ status, stdout, stderr }).toEqual({
      ...{ status: 0, stderr: '' },
      stdout: `Found ${MODULE_HOOKS.length} items\n${names}`,
    });
  });

  test('describes them in one document, the same each time, because positions are names', async () => {
    const first = await hook(['config']);
    expect(await hook(['config'])).toEqual(first);
    expect(first.stdout).toMatch(/^[^\n]+\n$/);
    expect({ ...first, stdout: JSON.parse(first.stdout) }).toMatchObject({
      ...{ status: 0, stderr: '' },
      stdout: {
        version: 'v1',
        has_settings_check: true,
        hooks: MODULE_HOOKS.map(({ name }) => ({ configVersion: 'v1', metadata: { name } })),
        readiness: { metadata: { name: readiness.name } },
      },
    });
  });

  test.each([[['--config']], [['hook']], [['hook', 'start']], [[]]] as const)(
    'refuses the arguments %j: whoever answers --config is taken for a shell hook',
    async (args) => {
      const { status, stdout, stderr } = await root.run(MODULE_HOOK, args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(JSON.parse(stderr)).toEqual({ message: expect.stringContaining('use hook list, hook config') });
    },
  );

  test.each([[{}], [{ logLevel: 'Debug', agent: { networkMode: 'HostNetwork' } }]])(
    'lets settings through that are right: %j',
    async (settings) => {
      const result = await hook(['check'], { SETTINGS_PATH: settings });
      expect(result).toEqual({ status: 0, stdout: '', stderr: '' });
    },
  );

  test.each([
    [{ logLevel: 'loud' }, 'logLevel: write one of Debug, Info, Warn, Error'],
    [
      { adoptionPolicy: 'Take', agent: { resources: { memory: '1Gi' } } },
      'adoptionPolicy: write one of Adopt, AdoptAlways, Refuse; agent.resources.memory: write mebibytes, as 128Mi',
    ],
    [[], 'settings: write an object'],
  ])('refuses %j and says what to write', async (settings, message) => {
    const { status, stdout, stderr } = await hook(['check'], { SETTINGS_PATH: settings });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({ valid: false, message, warnings: [] });
  });

  test.each([
    ['no file', {}],
    ['a file that is no document', { SETTINGS_PATH: '{"logLevel":' }],
  ])('never takes %s for right settings', async (_what, documents) => {
    const { status, stderr } = await hook(['check'], documents);
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toEqual({ message: expect.stringContaining('SETTINGS_PATH') });
  });

  test('reports why the module is not ready, and does not fail for it', async () => {
    const context = groupContext({ controller: [], agent: [] });
    const { status, stdout, stderr } = await hook(['ready'], { BINDING_CONTEXT_PATH: context });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      level: 'warn',
      msg: expect.stringMatching(
        /is not ready: Deployment controller does not exist; DaemonSet agent does not exist$/,
      ),
    });
    expect(linesOf('METRICS_PATH')).toMatchObject([
      { name: 'd8_service_with_healthchecks_module_ready', value: 0, action: 'set' },
    ]);
    expect(linesOf('KUBERNETES_PATCH_PATH')).toEqual([]);
  });

  test('runs each of its hooks by number, and refuses a number without a hook', async () => {
    for (const index of MODULE_HOOKS.keys()) {
      const { status, stderr } = await hook(['run', `${index}`], { BINDING_CONTEXT_PATH: [] });
      expect({ index, status, stderr }).toEqual({ index, status: 0, stderr: '' });
    }
    for (const index of [`${MODULE_HOOKS.length}`, '-1', 'x']) {
      const { status, stderr } = await hook(['run', index], { BINDING_CONTEXT_PATH: [] });
      expect(status).toBe(1);
      expect(JSON.parse(stderr)).toEqual({ message: expect.stringContaining(`no hook ${index}`) });
    }
  });
});

describe('the executable for shell-operator', () => {
  test('answers --config and nothing of a batch', async () => {
    const { status, stdout } = await root.run(RECONCILE_HOOK, ['--config']);
    expect({ status, config: JSON.parse(stdout) }).toMatchObject({
      status: 0,
      config: { configVersion: 'v1' },
    });
    for (const command of ['list', 'config', 'ready', 'check']) {
      expect((await root.run(RECONCILE_HOOK, ['hook', command])).status).toBe(2);
    }
  });
});
