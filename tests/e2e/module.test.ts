import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { startProduct } from '../../dev/cluster/product.ts';
import { type AddonOperator, startAddonOperator } from '../../dev/operators/addon-operator.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { GOOD_PODS, startTakeOverRig, type TakeOverRig } from '../../dev/takeover/rig.ts';
import { lineOf, runVariant, type Variant } from '../../dev/takeover/run.ts';
import { VARIANTS } from '../../dev/takeover/variants.ts';
import { moduleLeftovers } from '../support/module-leftovers.ts';
import { print } from '../support/print.ts';

/**
 * The module in a real addon-operator that runs its hooks in a chroot, as Deckhouse does: switched on, and switched off
 * under traffic. The module's programs run with the rights of its chart; the test ends them when their namespace goes.
 */

const GIVEN_BACK: Variant = VARIANTS['give-back'] ?? never();

let rig: TakeOverRig;
let operator: AddonOperator;

beforeAll(async () => {
  rig = await startTakeOverRig({
    async install({ host, controlPlane }) {
      operator = await startAddonOperator(host, controlPlane, { name: 'addon-operator', root: 'chroot' });
      await operator.configure({ logLevel: 'Info' });
      await operator.waitForRelease('deployed');
    },
  });
}, 180_000);
afterAll(() => rig?.stop(), 60_000);

function never(): never {
  throw new Error('there is no such variant');
}

async function terminatePrograms(): Promise<void> {
  const { controller, agent } = rig.product;
  const all = [controller, ...['node-1', 'node-2', 'node-3'].map((node) => agent(node))];
  await Promise.all(all.map((program) => program.terminate()));
}

const disabled: Variant = {
  ...GIVEN_BACK,
  name: 'the module is disabled in addon-operator',
  async act(from, name) {
    await operator.configure('off');
    await operator.waitForRelease('gone');
    await terminatePrograms();
    await from.waitForStandard(name, [...GOOD_PODS, 'web-bad']);
  },
  // The object stays for the next test.
  cleanUp: async () => {},
};

test('switching the module off gives every Service back without anybody noticing', async () => {
  const probes = [{ mode: 'PostgreSQL', postgreSQL: { targetPort: 5432, authSecretName: 'login' } }];
  await rig.createObject('db', { healthcheck: { probes } });
  await waitFor('the Role for the Secret', async () =>
    (await moduleLeftovers(rig.cluster.controlPlane)).some((name) => name.endsWith('agent-probe-secrets'))
      ? true
      : undefined,
  );
  const report = await runVariant(rig, disabled, 'web');
  print(lineOf(disabled, report));
  const { clients, longestGapMs, disagreements, faults } = report;
  expect({ longestGapMs, disagreements, faults }).toEqual({ longestGapMs: 0, disagreements: [], faults: [] });
  expect({ failed: clients.failed, lost: clients.lost, messages: clients.messages }).toEqual({
    ...{ failed: 0, lost: 0, messages: [] },
  });
  expect(clients.made).toBeGreaterThan(500);
});

test('and leaves nothing behind but the resource definition and the objects', async () => {
  await waitFor('everything of the module to go', async () => {
    const left = await moduleLeftovers(rig.cluster.controlPlane);
    if (left.length > 0) throw new Error(left.join(', '));
    return true;
  });
  const db = await rig.object('db');
  expect(db?.metadata).not.toHaveProperty('finalizers');
  await rig.waitForReason('db', 'ChildServiceHandedOver');
  expect(operator.logLines('module-delete').filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

test('the file of hooks is never taken for a shell hook, which would have no moments of the module', () => {
  // The operator asks it for --config before it is in the chroot; the refusal makes it look again.
  const wrong = operator.logLines('"level":"error"').filter((line) => !line.includes('--config invalid'));
  expect(wrong).toEqual([]);
});

test('switching it on again takes the Services over again', async () => {
  await rig.createService('later');
  await operator.configure({ logLevel: 'Info' });
  await operator.waitForRelease('deployed');
  // Its service accounts are others than before.
  await startProduct(rig.cluster, { manifests: 'there' });
  await rig.createObject('later');
  await rig.endpoints.waitForReady('later', GOOD_PODS, 60_000);
  await rig.waitForReason('later', 'ChildServiceWasCreated');
  const slices: readonly EndpointSlice[] = await rig.slices('later');
  expect(slices.every(({ metadata }) => metadata.ownerReferences?.[0]?.name === 'later')).toBe(true);
});
