import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EndpointSlice, KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import { DIST } from '../../../dev/build/layout.ts';
import { ensureProductBuilt } from '../../../dev/cluster/built-product.ts';
import { ControlPlane } from '../../../dev/cluster/control-plane.ts';
import { createNamespace } from '../../../dev/cluster/namespace.ts';
import { applyResourceDefinition } from '../../../dev/cluster/product.ts';
import {
  installReconcileHooks,
  type ShellOperator,
  startShellOperator,
} from '../../../dev/operators/shell-operator.ts';
import { ProcessHost } from '../../../dev/process/process-host.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { anEndpoint, aSlice } from '../../support/builders.ts';

/** The compiled reconcile hooks, run by a real shell-operator on a real API server. No controller of ours runs. */

const NAMESPACE = 'shop';
const SERVICES = `/api/v1/namespaces/${NAMESPACE}/services`;
const OBJECTS = `/apis/network.deckhouse.io/v1alpha1/namespaces/${NAMESPACE}/servicewithhealthchecks`;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;

let host: ProcessHost;
let controlPlane: ControlPlane;
let hooks: string;
let operator: ShellOperator;
let starts = 0;

async function startOperator(): Promise<void> {
  starts += 1;
  const kubeconfig = controlPlane.adminKubeconfig;
  operator = await startShellOperator(host, { name: `operator-${starts}`, kubeconfig, hooks });
}

beforeAll(async () => {
  await ensureProductBuilt();
  host = ProcessHost.open();
  controlPlane = await ControlPlane.start(host, {
    // The collector would delete the slices whose owner is gone, which is the hooks' work here.
    controllerManager: {
      controllers: ['*', '-garbage-collector-controller', '-node-lifecycle-controller'],
    },
    beforeControllers: applyResourceDefinition,
  });
  await createNamespace(controlPlane.api, NAMESPACE);
  hooks = installReconcileHooks(host, `${DIST}/hooks/shell-operator`);
});

afterAll(async () => {
  await host?.close();
});

const PORTS = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }];

const createObject = (name: string, spec: object = {}) =>
  controlPlane.api.post<KubernetesObject>(OBJECTS, {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name },
    spec: {
      ...{ selector: { app: 'web' }, ports: PORTS },
      healthcheck: { probes: [{ mode: 'TCP', tcp: { targetPort: 8080 } }] },
      ...spec,
    },
  });

async function createSlice(name: string, owner: KubernetesObject, nodeName: string): Promise<void> {
  const given = { namespace: NAMESPACE, name, nodeName };
  const { apiVersion, kind, addressType, ports, metadata, ...rest } = aSlice({
    ...given,
    swhName: owner.metadata.name,
    swhUid: owner.metadata.uid ?? '',
    endpoints: [anEndpoint({ nodeName })],
  });
  const { uid: _, resourceVersion: __, ...writable } = metadata;
  await controlPlane.api.post(SLICES, { apiVersion, kind, addressType, ports, metadata: writable, ...rest });
}

const serviceOf = (name: string) => controlPlane.api.get<Service>(`${SERVICES}/${name}`);
const child = (name: string, isRight: (service: Service) => boolean = () => true) =>
  waitFor(`the right Service ${name}`, async () => {
    const service = await serviceOf(name);
    return isRight(service) ? service : undefined;
  });
const goneSlice = (name: string) =>
  waitFor(`slice ${name} to go`, () =>
    controlPlane.api.get(`${SLICES}/${name}`).then(
      () => undefined,
      () => true,
    ),
  );

describe('the reconcile hooks under shell-operator', () => {
  it('bring about at their first list what should be there, and remove what should not', async () => {
    const { api } = controlPlane;
    await api.post('/api/v1/nodes', { metadata: { name: 'node-1' } });
    const web = await createObject('web');
    await createSlice('web-kept', web, 'node-1');
    await createSlice('web-lost-node', web, 'node-gone');
    await createSlice('orphan', { metadata: { name: 'old', uid: 'gone' } }, 'node-1');
    await startOperator();
    const { spec, metadata } = await child('web');
    expect(spec.selector).toBeUndefined();
    expect(metadata.ownerReferences).toMatchObject([
      { name: 'web', uid: web.metadata.uid, controller: true },
    ]);
    await goneSlice('orphan');
    await goneSlice('web-lost-node');
    const kept = await api.get<EndpointSlice>(`${SLICES}/web-kept`);
    expect(kept.endpoints).toMatchObject([{ conditions: { ready: true } }]);
  });

  it('remove the slices of an object and of a node that go later', async () => {
    const { api } = controlPlane;
    await api.post('/api/v1/nodes', { metadata: { name: 'node-2' } });
    const gone = await createObject('gone');
    await child('gone');
    await createSlice('gone-slice', gone, 'node-1');
    await createSlice('gone-node-slice', gone, 'node-2');
    await api.delete('/api/v1/nodes/node-2');
    await goneSlice('gone-node-slice');
    await api.get(`${SLICES}/gone-slice`);
    await api.delete(`${OBJECTS}/gone`);
    await goneSlice('gone-slice');
  });

  it('repair a Service that was changed or deleted', async () => {
    const { api } = controlPlane;
    const selector = { app: 'elsewhere' };
    const ports = [{ name: 'http', port: 81 }];
    await api.mergePatch(`${SERVICES}/web`, { spec: { selector, ports } });
    await child('web', ({ spec }) => spec.selector === undefined && spec.ports?.[0]?.port === 80);
    const before = await serviceOf('web');
    await api.delete(`${SERVICES}/web`);
    await child('web', ({ metadata }) => metadata.uid !== before.metadata.uid);
  });

  it('follow the object through conflicts with somebody who writes the Service all the time', async () => {
    const { api } = controlPlane;
    for (let round = 1; round <= 20; round += 1) {
      const annotations = { 'example.com/round': String(round) };
      await Promise.all([
        api.mergePatch(`${SERVICES}/web`, { metadata: { annotations } }),
        api.mergePatch(`${OBJECTS}/web`, { spec: { ports: [{ ...PORTS[0], port: 1000 + round }] } }),
      ]);
    }
    const service = await child('web', ({ spec }) => spec.ports?.[0]?.port === 1020);
    expect(service.metadata.annotations).toMatchObject({ 'example.com/round': '20' });
  });

  it('answer a burst of events with few runs', async () => {
    const before = await operator.runs();
    const names = Array.from({ length: 40 }, (_, index) => `burst-${index}`);
    await Promise.all(names.map((name) => createObject(name)));
    for (const name of names) await child(name);
    const { succeeded } = await operator.runs();
    expect(succeeded - before.succeeded).toBeLessThan(names.length);
  });

  it('do not let a Service that the API server refuses hold up the others, and go on when it can be made', async () => {
    const before = await operator.runs();
    await createObject('refused', { clusterIP: '192.0.2.1' });
    await waitFor('a run to fail', async () =>
      (await operator.runs()).failed > before.failed ? true : undefined,
    );
    await createObject('unharmed');
    await child('unharmed');
    await controlPlane.api.delete(`${OBJECTS}/refused`);
    const { succeeded } = await operator.runs();
    await waitFor(
      'a run to succeed again',
      async () => ((await operator.runs()).succeeded > succeeded ? true : undefined),
      { deadlineMs: 60_000 },
    );
  });

  it('make up after a restart for what happened meanwhile, and touch nothing else', async () => {
    await operator.process.stop('SIGKILL');
    const untouched = await serviceOf('unharmed');
    await controlPlane.api.delete(`${SERVICES}/burst-1`);
    await startOperator();
    await child('burst-1');
    expect((await serviceOf('unharmed')).metadata.resourceVersion).toBe(untouched.metadata.resourceVersion);
  });
});
