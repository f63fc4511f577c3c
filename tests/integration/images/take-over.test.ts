import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EndpointSlice, KubernetesObject, Lease, Pod, Service } from '#lib/core/kubernetes.ts';
import { PROBE_RESULTS_ANNOTATION } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { definitionHash } from '#lib/core/slice/probe-results.ts';
import { encodeProbeResults } from '#lib/core/slice/probe-results-text.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import type { Status } from '../../../images/controller/src/status/status.ts';
import { anEndpoint, aSlice, aTcpProbe, aVerdict } from '../../support/builders.ts';
import type { SharedControlPlane } from '../../support/control-plane.ts';
import { ControllerProgram } from '../../support/controller-program.ts';
import { installModule } from '../../support/installed-module.ts';

/** The controller against a real API server and the real standard controllers; the test stands in for the agent. */

const STANDARD = 'endpointslice-controller.k8s.io';
const OURS = 'servicewithhealthchecks';

type Swh = KubernetesObject & { readonly spec: unknown; readonly status?: Status };

let cluster: SharedControlPlane;
let namespace: string;
let kubeconfig: string;
let controller: ControllerProgram;
let pod: Pod;

const core = () => `/api/v1/namespaces/${namespace}`;
const objects = () => `/apis/network.deckhouse.io/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;
const slicesPath = () => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;

beforeAll(async () => {
  ({ cluster, namespace, kubeconfig } = await installModule('take-over'));
  pod = await makePod();
  controller = new ControllerProgram(kubeconfig);
  await controller.recordOf('leading');
});

afterAll(async () => {
  await controller?.terminate();
});

async function makePod(): Promise<Pod> {
  const { api } = cluster;
  const nodeName = `node-${namespace}`;
  await api.post('/api/v1/nodes', { metadata: { name: nodeName } });
  const spec = { nodeName, containers: [{ name: 'web', image: 'web' }] };
  await api.post(`${core()}/pods`, { metadata: { name: 'web-1', labels: { app: 'web' } }, spec });
  const status = {
    phase: 'Running',
    podIP: '10.1.0.1',
    podIPs: [{ ip: '10.1.0.1' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  return api.mergePatch<Pod>(`${core()}/pods/web-1/status`, { status });
}

const PORTS = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }];
const HEALTHCHECK = {
  periodSeconds: 1,
  probes: [{ mode: 'TCP', tcp: { targetPort: 8080 }, timeoutSeconds: 1 }],
};

const createService = (name: string) =>
  cluster.api.post<Service>(`${core()}/services`, {
    metadata: { name },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: PORTS },
  });
const createObject = (name: string, spec: object = {}) =>
  cluster.api.post<Swh>(objects(), {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name },
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: PORTS, healthcheck: HEALTHCHECK, ...spec },
  });
const serviceOf = (name: string) => cluster.api.get<Service>(`${core()}/services/${name}`);
const managersOf = async (name: string) => {
  const list = await cluster.api.get<{ readonly items: readonly EndpointSlice[] }>(
    `${slicesPath()}?labelSelector=kubernetes.io/service-name=${name}`,
  );
  return list.items.map(({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by']);
};
const settled = (name: string, reason: string, text = '') =>
  waitFor(`${name} to have reason ${reason}`, async () => {
    const { status } = await cluster.api.get<Swh>(`${objects()}/${name}`);
    const child = status?.conditions?.find(({ type }) => type === 'ChildServiceReady');
    if (child?.reason === reason && child.message.includes(text)) return child;
    throw new Error(`it has ${child?.reason}: ${child?.message}`);
  });
const managedBy = (name: string, wanted: readonly string[]) =>
  waitFor(`the slices of ${name} to be of ${wanted.join()}`, async () => {
    const managers = await managersOf(name);
    if (JSON.stringify(managers) === JSON.stringify(wanted)) return true;
    throw new Error(`they are of ${managers.join()}`);
  });

/** What the agent of the pod's node publishes when the probe passes. */
async function publish(swh: Swh): Promise<void> {
  const { name, uid = '' } = swh.metadata;
  const { nodeName = '' } = pod.spec;
  const { uid: podUid = '' } = pod.metadata;
  const verdict = { uid: podUid, ...aVerdict() };
  const definition = definitionHash([aTcpProbe()]);
  const { metadata, ...rest } = aSlice({
    ...{ namespace, name: `${name}-agent`, swhName: name, swhUid: uid, nodeName },
    annotations: {
      [PROBE_RESULTS_ANNOTATION]: encodeProbeResults({ definition, pods: { 'web-1': verdict } }),
    },
    endpoints: [anEndpoint({ podUid, nodeName, address: '10.1.0.1' })],
  });
  const { uid: _, resourceVersion: __, creationTimestamp: ___, ...made } = metadata;
  await cluster.api.post(slicesPath(), { ...rest, metadata: made });
}

/** Makes a Service that the object has taken over. */
async function takenOver(
  name: string,
  spec: object = {},
): Promise<{ readonly before: Service; readonly swh: Swh }> {
  const before = await createService(name);
  await managedBy(name, [STANDARD]);
  const swh = await createObject(name, spec);
  await settled(name, 'ChildServiceAdopting', 'first verdict of web-1');
  await publish(swh);
  await settled(name, 'ChildServiceWasCreated');
  return { before, swh };
}

describe('taking a Service over', () => {
  it('waits for verdicts, keeps all that is allocated, and leaves nothing of the standard controllers', async () => {
    const { before, swh } = await takenOver('adopted');
    const after = await serviceOf('adopted');
    const { selector: _, ...spec } = before.spec;
    expect(after.spec).toEqual(spec);
    expect(after.metadata).toMatchObject({
      uid: before.metadata.uid,
      ownerReferences: [{ uid: swh.metadata.uid, controller: true }],
    });
    await expect(cluster.api.get(`${core()}/endpoints/adopted`)).rejects.toThrow('404');
    // Everything that makes the standard controllers look again.
    await cluster.api.mergePatch(`${core()}/pods/web-1`, { metadata: { labels: { touched: 'yes' } } });
    await cluster.api.mergePatch(`${core()}/services/adopted`, {
      metadata: { annotations: { touched: 'yes' } },
    });
    await takenOver('adopted-later');
    expect(await managersOf('adopted')).toEqual([OURS]);
    await expect(cluster.api.get(`${core()}/endpoints/adopted`)).rejects.toThrow('404');
  });

  it('gives a Service that was deleted its addresses back', async () => {
    await takenOver('deleted');
    const before = await serviceOf('deleted');
    await cluster.api.delete(`${core()}/services/deleted`);
    const after = await waitFor('the Service to be there again', async () => {
      const one = await serviceOf('deleted');
      return one.metadata.uid === before.metadata.uid ? undefined : one;
    });
    expect(after.spec).toEqual(before.spec);
  });
});

describe('giving a Service back', () => {
  it('happens before an object with policy Retain goes', async () => {
    const { before } = await takenOver('retained', { deletionPolicy: 'Retain' });
    await waitFor('the finalizer', async () => {
      const { metadata } = await cluster.api.get<Swh>(`${objects()}/retained`);
      return metadata.finalizers?.includes('network.deckhouse.io/hand-over-service') ? true : undefined;
    });
    await cluster.api.delete(`${objects()}/retained`);
    await waitFor('the object to go', () =>
      cluster.api.get(`${objects()}/retained`).then(
        () => undefined,
        () => true,
      ),
    );
    await managedBy('retained', [STANDARD]);
    const { metadata, spec } = await serviceOf('retained');
    expect(spec).toEqual(before.spec);
    expect(metadata.uid).toBe(before.metadata.uid);
    expect(metadata).not.toHaveProperty('ownerReferences');
    expect(metadata).not.toHaveProperty('labels');
  });

  it('of all Services takes the lead from a controller that runs, and then lets it have them again', async () => {
    await takenOver('handed');
    const lease =
      '/apis/coordination.k8s.io/v1/namespaces/d8-service-with-healthchecks/leases/swh-controller-leader.deckhouse.io';
    const leader = controller.exited();
    const command = new ControllerProgram(kubeconfig, ['--hand-over', 'true']);
    expect(await command.exited()).toBe(0);
    expect(await leader).toBe(1);
    await managedBy('handed', [STANDARD]);
    await settled('handed', 'ChildServiceHandedOver');
    expect((await serviceOf('handed')).spec.selector).toEqual({ app: 'web' });
    expect((await cluster.api.get<Lease>(lease)).spec?.holderIdentity).toContain('hand-over');
    // As when the module, and with it the namespace of the Lease, was removed and comes back.
    await cluster.api.delete(lease);
    controller = new ControllerProgram(kubeconfig);
    await settled('handed', 'ChildServiceAdopting');
  });

  it('of all Services is what the deletion of the order waits for', async () => {
    await takenOver('ordered', { deletionPolicy: 'Retain' });
    const orders = '/api/v1/namespaces/d8-service-with-healthchecks/configmaps';
    const finalizers = ['network.deckhouse.io/hand-over-services'];
    await cluster.api.post(orders, { metadata: { name: 'hand-over', finalizers } });
    await cluster.api.delete(`${orders}/hand-over`);
    await waitFor('the order to go', () =>
      cluster.api.get(`${orders}/hand-over`).then(
        () => undefined,
        () => true,
      ),
    );
    await settled('ordered', 'ChildServiceHandedOver');
    await managedBy('ordered', [STANDARD]);
    expect((await serviceOf('ordered')).metadata).not.toHaveProperty('ownerReferences');
    expect((await cluster.api.get<Swh>(`${objects()}/ordered`)).metadata).not.toHaveProperty('finalizers');
    // It waits to be removed, and takes nothing over again.
    expect(await controller.terminate()).toBe(0);
    await settled('ordered', 'ChildServiceHandedOver');
    await cluster.api.delete(
      '/apis/coordination.k8s.io/v1/namespaces/d8-service-with-healthchecks/leases/swh-controller-leader.deckhouse.io',
    );
    controller = new ControllerProgram(kubeconfig);
    await settled('ordered', 'ChildServiceAdopting');
  });
});
