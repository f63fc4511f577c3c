import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EndpointSlice, KubernetesObject, Service } from '#lib/core/kubernetes.ts';
import { HAND_OVER_FINALIZER } from '#lib/core/service/hand-over.ts';
import { ApiError } from '../../../dev/cluster/api-client.ts';
import { ensureProductBuilt } from '../../../dev/cluster/built-product.ts';
import { ControlPlane } from '../../../dev/cluster/control-plane.ts';
import { createNamespace } from '../../../dev/cluster/namespace.ts';
import { type AddonOperator, startAddonOperator } from '../../../dev/operators/addon-operator.ts';
import { samplesOf } from '../../../dev/operators/operator-metrics.ts';
import { ProcessHost } from '../../../dev/process/process-host.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { anEndpoint, aSlice } from '../../support/builders.ts';

/** The module in a real addon-operator; no program of ours runs. The test stands in for Deckhouse and for kubelets. */

const NAMESPACE = 'shop';
const MODULE_NAMESPACE = 'd8-service-with-healthchecks';
const MODULES = '/apis/deckhouse.io/v1alpha1/modules';
const WORKLOADS = `/apis/apps/v1/namespaces/${MODULE_NAMESPACE}`;
const OBJECTS = `/apis/network.deckhouse.io/v1alpha1/namespaces/${NAMESPACE}/servicewithhealthchecks`;
const SERVICES = `/api/v1/namespaces/${NAMESPACE}/services`;
const SLICES = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;

let host: ProcessHost;
let controlPlane: ControlPlane;
let operator: AddonOperator;

beforeAll(async () => {
  await ensureProductBuilt();
  host = ProcessHost.open();
  controlPlane = await ControlPlane.start(host, {
    // The statuses of workloads are the test's.
    controllerManager: { controllers: ['*', '-deployment-controller', '-daemonset-controller'] },
    beforeControllers: applyModuleDefinition,
  });
  await createNamespace(controlPlane.api, NAMESPACE);
  const given = { name: 'addon-operator', root: 'host', global: { deckhouseVersion: 'v1.80.0' } } as const;
  operator = await startAddonOperator(host, controlPlane, given);
  await operator.configure({ logLevel: 'Info' });
  await operator.waitForRelease('deployed');
}, 180_000);

afterAll(async () => {
  await host?.close();
});

/** The resource Module as far as hooks see it. */
async function applyModuleDefinition({ api }: ControlPlane): Promise<void> {
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const schema = { openAPIV3Schema: { type: 'object', properties: { properties: open, status: open } } };
  await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'modules.deckhouse.io' },
    spec: {
      ...{ group: 'deckhouse.io', scope: 'Cluster' },
      names: { plural: 'modules', singular: 'module', kind: 'Module', listKind: 'ModuleList' },
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema, subresources: { status: {} } }],
    },
  });
  await waitFor('the resource Module', () => api.get(MODULES));
  const name = 'service-with-healthchecks';
  await api.post(MODULES, { apiVersion: 'deckhouse.io/v1alpha1', kind: 'Module', metadata: { name } });
  const installed = { type: 'EnabledByModuleManager', status: 'True' };
  await api.mergePatch(`${MODULES}/${name}/status`, { status: { phase: 'Ready', conditions: [installed] } });
}

interface Module extends KubernetesObject {
  readonly status: {
    readonly phase: string;
    readonly conditions: readonly Readonly<Record<string, string>>[];
  };
}

const moduleObject = () => controlPlane.api.get<Module>(`${MODULES}/service-with-healthchecks`);
const isReady = async () => (await moduleObject()).status.conditions.find(({ type }) => type === 'IsReady');

/** Sets the status of a workload of the module, which is made where the chart has none. */
async function setStatus(kind: 'deployments' | 'daemonsets', name: string, status: object): Promise<void> {
  const path = `${WORKLOADS}/${kind}/${name}`;
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name, image: 'registry.example.com/none' }] },
  };
  const spec = { selector: { matchLabels: { app: name } }, template };
  await controlPlane.api
    .post(`${WORKLOADS}/${kind}`, { metadata: { name }, spec })
    .catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
    });
  const { generation = 0 } = (await controlPlane.api.get<KubernetesObject>(path)).metadata;
  await controlPlane.api.mergePatch(`${path}/status`, {
    status: { observedGeneration: generation, ...status },
  });
}

describe('readiness', () => {
  it('tells what is missing, in the condition of the Module and as a gauge', async () => {
    const condition = await waitFor('the condition IsReady', isReady, { deadlineMs: 60_000 });
    expect(condition).toMatchObject({ status: 'False', reason: 'ReadinessProbeFailed' });
    expect(condition['message']).toMatch(/Deployment controller .*; DaemonSet agent /);
    const { phase, conditions } = (await moduleObject()).status;
    expect(phase).toBe('Reconciling');
    expect(conditions.map(({ type }) => type)).toEqual(['EnabledByModuleManager', 'IsReady']);
    const gauge = samplesOf(await operator.hookMetrics(), 'd8_service_with_healthchecks_module_ready');
    expect(gauge.map(({ value }) => value)).toEqual([0]);
    expect(operator.logLines('is not ready').length).toBeGreaterThan(0);
  });

  it('is reached when the workloads are there, and then writes nothing', async () => {
    await setStatus('deployments', 'controller', { replicas: 1, readyReplicas: 1, availableReplicas: 1 });
    const numbers = {
      desiredNumberScheduled: 2,
      numberReady: 2,
      currentNumberScheduled: 2,
      numberMisscheduled: 0,
    };
    await setStatus('daemonsets', 'agent', numbers);
    await waitFor(
      'the Module to be ready',
      async () => ((await isReady())?.['status'] === 'True' ? true : undefined),
      { deadlineMs: 40_000 },
    );
    const ready = await moduleObject();
    expect(ready.status.phase).toBe('Ready');
    const runs = operator.logLines('readiness').length;
    await waitFor(
      'two more runs',
      async () => (operator.logLines('readiness').length > runs + 2 ? true : undefined),
      { deadlineMs: 60_000 },
    );
    expect((await moduleObject()).metadata.resourceVersion).toBe(ready.metadata.resourceVersion);
  });
});

describe('settings', () => {
  it('that the schema refuses are not taken over; right ones are', async () => {
    await operator.configure({ logLevel: 'Loud' });
    await waitFor('the refusal', async () => (operator.logLines('logLevel').length > 0 ? true : undefined));
    await operator.configure({ logLevel: 'Warn' });
    await waitFor('the new values', async () => {
      const values = await operator.debug('/module/service-with-healthchecks/values.json');
      return JSON.stringify(values).includes('"logLevel":"Warn"') ? true : undefined;
    });
  });
});

describe('switching the module off while its controllers do not answer', () => {
  it('gives the Services back all the same', async () => {
    const { api } = controlPlane;
    const swh = await api.post<KubernetesObject>(OBJECTS, {
      apiVersion: 'network.deckhouse.io/v1alpha1',
      kind: 'ServiceWithHealthchecks',
      metadata: { name: 'web', finalizers: [HAND_OVER_FINALIZER, 'example.com/other'] },
      spec: {
        ...{ selector: { app: 'web' }, ports: [{ port: 80 }] },
        healthcheck: { probes: [{ mode: 'TCP', tcp: { targetPort: 8080 } }] },
      },
    });
    await makeChild(swh);
    await api.post(SERVICES, { metadata: { name: 'other' }, spec: { ports: [{ port: 80 }] } });

    await operator.configure('off');
    await expireOrder();
    await operator.waitForRelease('gone');
    const released = await waitFor('the Service to be released', async () => {
      const service = await api.get<Service>(`${SERVICES}/web`);
      return service.metadata.ownerReferences === undefined ? service : undefined;
    });
    expect(released.spec.selector).toEqual({ app: 'web' });
    expect(released.metadata.labels).toEqual({ team: 'shop' });
    expect(released.metadata.annotations ?? {}).toEqual({});
    // Ours stay until the standard ones have had their time.
    expect(await api.get<EndpointSlice>(`${SLICES}/web-ours`)).toMatchObject({ endpoints: [{}] });
    await waitFor('our slice to go', () =>
      api.get(`${SLICES}/web-ours`).then(
        () => undefined,
        () => true,
      ),
    );
    const left = await waitFor('the object to be let go', async () => {
      const object = await api.get<KubernetesObject & { readonly status: object }>(`${OBJECTS}/web`);
      return object.metadata.finalizers?.includes(HAND_OVER_FINALIZER) === true ? undefined : object;
    });
    expect(left.metadata.finalizers).toEqual(['example.com/other']);
    expect(left.status).toMatchObject({
      conditions: [{ type: 'ChildServiceReady', reason: 'ChildServiceHandedOver' }],
    });
    expect(operator.logLines('waiting for the standard slices of Service shop/web')).not.toEqual([]);
    expect((await api.get<Service>(`${SERVICES}/other`)).spec).not.toHaveProperty('selector');
  });
});

/** What the controller and an agent would have made of the object. */
async function makeChild({ metadata: { name, uid = '' } }: KubernetesObject): Promise<void> {
  const { api } = controlPlane;
  const owner = { apiVersion: 'network.deckhouse.io/v1alpha1', kind: 'ServiceWithHealthchecks', name, uid };
  await api.post(SERVICES, {
    metadata: {
      name,
      labels: { heritage: 'deckhouse', team: 'shop' },
      annotations: { 'network.deckhouse.io/propagated-labels': 'team' },
      ownerReferences: [{ ...owner, controller: true }],
    },
    spec: { ports: [{ port: 80 }] },
  });
  const given = { namespace: NAMESPACE, name: `${name}-ours`, swhName: name, swhUid: uid };
  const { metadata, ...rest } = aSlice({ ...given, nodeName: 'node-1', endpoints: [anEndpoint({})] });
  const { uid: _, resourceVersion: __, ...writable } = metadata;
  await api.post(SLICES, { ...rest, metadata: writable });
}

/** Takes the finalizer off, as the hook does with an order that is two minutes old. */
async function expireOrder(): Promise<void> {
  const path = `/api/v1/namespaces/${MODULE_NAMESPACE}/configmaps/hand-over`;
  await waitFor('the order', async () => {
    const { metadata } = await controlPlane.api.get<
      KubernetesObject & { readonly metadata: { readonly deletionTimestamp?: string } }
    >(path);
    return metadata.deletionTimestamp;
  });
  await controlPlane.api.mergePatch(path, { metadata: { finalizers: [] } });
}
