import { afterAll, beforeAll, expect, test } from 'vitest';
import { example, SIDE_CONTAINER, VM_POD } from '../../dev/demo/stage.ts';
import { parseYaml } from '../../dev/manifest/yaml.ts';
import type { Traffic } from '../../dev/workload/traffic.ts';
import { tallyOf } from '../../dev/workload/traffic-tally.ts';
import { E2E_NAMESPACE, type E2eCluster, startE2eCluster, withQuickTimings } from '../support/e2e-cluster.ts';

const DEADLINE_MS = 20_000;

let e2e: E2eCluster;
let mail: Traffic;

/** The manifest of an example, in the namespace of the tests. */
function manifest(name: string): Manifest {
  // The examples are objects with metadata.
  const object = parseYaml(example(name)) as Manifest;
  return { ...object, metadata: { ...object.metadata, namespace: E2E_NAMESPACE } };
}

type Manifest = Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, unknown>> };

async function everythingIsReady(): Promise<void> {
  for (const service of ['web', 'smtp', 'my-vm']) {
    await e2e.endpoints.waitForReady(service, [VM_POD], DEADLINE_MS);
  }
}

/** Replaces the pod of the virtual machine by the one of the example. */
async function runMachine(name: string): Promise<void> {
  const ref = { namespace: E2E_NAMESPACE, name: VM_POD };
  await e2e.apply(manifest(name));
  await e2e.cluster.kubelets.waitForPod(ref, 'run', ({ status }) => status?.phase === 'Running');
  await everythingIsReady();
}

beforeAll(async () => {
  e2e = await startE2eCluster();
  await e2e.apply(
    ...['web', 'smtp'].map((name) => withQuickTimings(manifest(name))),
    manifest('my-vm-service'),
  );
  await runMachine('my-vm-pod');
  mail = await e2e.clientsOf('smtp', 'smtp', 25);
}, 120_000);
afterAll(() => e2e?.stop(), 60_000);

test('web and smtp over one container are independent of each other', async () => {
  const sinceMs = Date.now();
  await e2e.pods.web(VM_POD).kill();
  await e2e.endpoints.waitForReady('web', [], DEADLINE_MS);
  await e2e.pods.web(VM_POD).start();
  await e2e.endpoints.waitForReady('web', [VM_POD], DEADLINE_MS);
  await e2e.pods.smtp(VM_POD).kill();
  const killedMs = Date.now();
  await e2e.endpoints.waitForReady('smtp', [], DEADLINE_MS);
  expect(e2e.endpoints.changes('smtp', sinceMs).filter(({ atMs }) => atMs < killedMs)).toEqual([]);
  const samples = mail.samples('smtp', sinceMs).filter(({ startedAtMs }) => startedAtMs < killedMs - 1_000);
  expect(tallyOf(samples)).toMatchObject({ failed: 0, answeredBy: new Map([[VM_POD, samples.length]]) });
  await e2e.pods.smtp(VM_POD).start();
  await everythingIsReady();
});

test('a server that hangs loses its endpoint like one that is gone', async () => {
  e2e.pods.web(VM_POD).freeze();
  await e2e.endpoints.waitForReady('web', [], DEADLINE_MS);
  e2e.pods.web(VM_POD).thaw();
  await e2e.endpoints.waitForReady('web', [VM_POD], DEADLINE_MS);
});

test('where no container declares the port, an unready container takes the pod from all', async () => {
  const pod = { namespace: E2E_NAMESPACE, name: VM_POD };
  await e2e.cluster.kubelets.setContainerReady(pod, 'compute', false);
  for (const service of ['web', 'smtp', 'my-vm']) {
    await e2e.endpoints.waitForReady(service, [], DEADLINE_MS);
  }
  await e2e.cluster.kubelets.setContainerReady(pod, 'compute', true);
  await everythingIsReady();
});

test('a container beside the declared ports takes the pod from the plain Service only', async () => {
  const pod = { namespace: E2E_NAMESPACE, name: VM_POD };
  await e2e.cluster.kubelets.terminatePod(pod);
  await runMachine('my-vm-pod-with-side-container');
  const sinceMs = Date.now();
  await e2e.cluster.kubelets.setContainerReady(pod, SIDE_CONTAINER, false);
  await e2e.endpoints.waitForReady('my-vm', [], DEADLINE_MS);
  await e2e.pods.web(VM_POD).kill();
  await e2e.endpoints.waitForReady('web', [], DEADLINE_MS);
  expect(e2e.endpoints.changes('smtp', sinceMs)).toEqual([]);
  expect(e2e.endpoints.ready('smtp')).toEqual([VM_POD]);
});
