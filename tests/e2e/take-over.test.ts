import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTakeOverRig, type TakeOverRig } from '../../dev/takeover/rig.ts';
import { lineOf, type RunReport, runVariant, type Variant } from '../../dev/takeover/run.ts';
import { VARIANTS } from '../../dev/takeover/variants.ts';
import { print } from '../support/print.ts';

let rig: TakeOverRig;

beforeAll(async () => {
  rig = await startTakeOverRig();
}, 120_000);
afterAll(() => rig?.stop(), 60_000);

async function run(key: string, variant: Variant): Promise<RunReport> {
  const report = await runVariant(rig, variant, key);
  print(lineOf(variant, report));
  return report;
}

const cases = Object.entries(VARIANTS).map(([key, variant]) => ({ key, variant, name: variant.name }));

describe('a Service that changes hands loses no connection and never has no endpoint', () => {
  test.each(cases.filter(({ variant }) => !variant.hasGap))('$name', async ({ key, variant }) => {
    const { clients, longestGapMs, faults, ...report } = await run(key, variant);
    const disagreements = variant.mayDisagree === true ? [] : report.disagreements;
    expect({ longestGapMs, disagreements, faults }).toEqual({
      longestGapMs: 0,
      disagreements: [],
      faults: [],
    });
    expect({ failed: clients.failed, lost: clients.lost, messages: clients.messages }).toEqual({
      ...{ failed: 0, lost: 0, messages: [] },
    });
    expect(clients.made).toBeGreaterThan(200);
    expect(clients.held).toBeGreaterThan(10);
  });
});

describe('a Service that is deleted on the way gets its addresses back', () => {
  /** The way of the deletion to the nodes and back, and the first probes; on two cores that many programs share. */
  const LONGEST_GAP_MS = 5_000;

  test.each(cases.filter(({ variant }) => variant.hasGap))('$name', async ({ key, variant }) => {
    const { clients, longestGapMs, faults } = await run(key, variant);
    expect(faults).toEqual([]);
    expect(Math.max(clients.outageMs, longestGapMs)).toBeLessThan(LONGEST_GAP_MS);
  });
});

describe('a Service that another object controls', () => {
  test('stays untouched, and the conflict names the other', async () => {
    const name = 'foreign';
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'edge', uid: 'uid-of-edge', controller: true };
    const map = await rig.cluster.controlPlane.api.post<{ readonly metadata: { readonly uid: string } }>(
      '/api/v1/namespaces/take-over/configmaps',
      { metadata: { name: 'edge' } },
    );
    const metadata = { name, ownerReferences: [{ ...owner, uid: map.metadata.uid }] };
    const before = await rig.createService(name, { metadata });
    await rig.createObject(name, { adoptionPolicy: 'AdoptAlways' });
    await rig.waitForReason(name, 'ChildServiceConflict', 'controlled by ConfigMap edge');
    const after = await rig.service(name);
    expect(after?.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    expect(await rig.slices(name)).toMatchObject([
      {
        metadata: { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } },
      },
    ]);
  });

  test.each([
    { policy: 'Adopt', spec: { ports: [{ name: 'http', port: 81, targetPort: 8080 }] }, says: 'ports' },
    { policy: 'Refuse', spec: {}, says: 'Refuse' },
  ])('a Service of nobody is a conflict too where policy $policy says so', async ({ policy, spec, says }) => {
    const name = `kept-${policy.toLowerCase()}`;
    await rig.createService(name);
    await rig.createObject(name, { ...spec, adoptionPolicy: policy });
    await rig.waitForReason(name, 'ChildServiceConflict', says);
    expect((await rig.service(name))?.spec.selector).toEqual({ app: 'web' });
  });
});
