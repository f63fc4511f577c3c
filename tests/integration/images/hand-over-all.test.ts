import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesObject, Pod, Service } from '#lib/core/kubernetes.ts';
import { MANAGED_BY_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { EndpointLog } from '../../../dev/workload/endpoint-log.ts';
import { endpointTimeline } from '../../../dev/workload/endpoint-timeline.ts';
import { ObjectWatch } from '../../../dev/workload/object-watch.ts';
import { anEndpoint, aSlice } from '../../support/builders.ts';
import type { SharedControlPlane } from '../../support/control-plane.ts';
import { ControllerProgram } from '../../support/controller-program.ts';
import { installModule } from '../../support/installed-module.ts';
import { print } from '../../support/print.ts';

/** Many objects, the real API server and the real standard controllers; the test stands in for the agent. */

const COUNT = 200;
const STANDARD = 'endpointslice-controller.k8s.io';
const NAMES = Array.from({ length: COUNT }, (_, index) => `web-${index}`);
const STUCK = 'stuck';
const ALL = [...NAMES, STUCK];
const EVERY_OBJECT = '/apis/network.deckhouse.io/v1alpha1/servicewithhealthchecks';

let cluster: SharedControlPlane;
let namespace: string;
let kubeconfig: string;
let pod: Pod;
let slices: EndpointLog;
let objects: ObjectWatch<KubernetesObject>;
let services: ObjectWatch<Service>;
/** From when on nothing happens but the commands. */
let sinceMs: number;
/** Objects in the cluster, with those that other tests left in theirs: the command asks for no namespace. */
let inCluster: number;

const core = () => `/api/v1/namespaces/${namespace}`;
const objectsPath = () =>
  `/apis/network.deckhouse.io/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;

beforeAll(async () => {
  ({ cluster, namespace, kubeconfig } = await installModule('hand-over-all'));
  pod = await makePod();
  slices = new EndpointLog(cluster.api, namespace);
  objects = new ObjectWatch(cluster.api, objectsPath());
  services = new ObjectWatch(cluster.api, `${core()}/services`);
  const controller = new ControllerProgram(kubeconfig, ['--leader-elect=false']);
  await controller.recordOf('started');
  await forAll(ALL, createObject);
  await forAll(ALL, (name) => waitForReason(name, 'ChildServiceWasCreated'));
  await controller.terminate();
  await forAll(ALL, publish);
  // Its Service cannot be given back: the API server takes no such selector.
  await cluster.api.mergePatch(`${objectsPath()}/${STUCK}`, { spec: { selector: { app: 'no label!' } } });
  await waitFor('the watches to tell', async () =>
    ALL.every((name) => slices.ready(name).length === 1) ? true : undefined,
  );
  const { items } = await cluster.api.get<{ readonly items: readonly unknown[] }>(EVERY_OBJECT);
  inCluster = items.length;
  sinceMs = Date.now();
}, 180_000);

afterAll(() => {
  slices?.stop();
  objects?.stop();
  services?.stop();
});

async function makePod(): Promise<Pod> {
  const { api } = cluster;
  const nodeName = `node-${namespace}`;
  await api.post('/api/v1/nodes', { metadata: { name: nodeName } });
  const spec = { nodeName, containers: [{ name: 'web', image: 'web' }] };
  await api.post(`${core()}/pods`, { metadata: { name: 'web', labels: { app: 'web' } }, spec });
  const status = {
    phase: 'Running',
    podIP: '10.1.0.1',
    podIPs: [{ ip: '10.1.0.1' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  return api.mergePatch<Pod>(`${core()}/pods/web/status`, { status });
}

async function createObject(name: string): Promise<void> {
  await cluster.api.post(objectsPath(), {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name },
    spec: {
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
    },
  });
}

/** What the agent of the pod's node publishes. */
async function publish(name: string): Promise<void> {
  const { nodeName = '' } = pod.spec;
  const endpoint = anEndpoint({ podName: 'web', podUid: pod.metadata.uid ?? '', nodeName });
  const swhUid = objects.get(name)?.metadata.uid ?? '';
  const { metadata, ...rest } = aSlice({
    ...{ namespace, name: `${name}-agent`, swhName: name, swhUid, nodeName, endpoints: [endpoint] },
  });
  const { uid: _, resourceVersion: __, creationTimestamp: ___, ...made } = metadata;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  await cluster.api.post(path, { ...rest, metadata: made });
}

function reasonOf(name: string): string | undefined {
  const object: unknown = objects.get(name);
  // The API server keeps the schema.
  const { status } = object as {
    readonly status?: { readonly conditions?: readonly { type: string; reason: string }[] };
  };
  return status?.conditions?.find(({ type }) => type === 'ChildServiceReady')?.reason;
}

function waitForReason(name: string, reason: string): Promise<true> {
  return waitFor(
    `${name} to have reason ${reason}`,
    async () => (reasonOf(name) === reason ? true : undefined),
    { deadlineMs: 120_000 },
  );
}

async function forAll(names: readonly string[], act: (name: string) => Promise<unknown>): Promise<void> {
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) await act(name);
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

/** Names of objects whose Service only the standard controllers feed, as far as the watches have told. */
function givenBack(): readonly string[] {
  return ALL.filter((name) => {
    const makers = slices.slices(name).map(({ metadata }) => metadata.labels?.[MANAGED_BY_LABEL]);
    return reasonOf(name) === 'ChildServiceHandedOver' && makers.every((maker) => maker === STANDARD);
  });
}

function handOver(): ControllerProgram {
  return new ControllerProgram(kubeconfig, ['--hand-over=true', '--leader-elect=false']);
}

describe('giving all Services back', () => {
  it('says how far it has come when it is interrupted', async () => {
    const command = handOver();
    await waitFor('some to be given back', async () => (givenBack().length > 20 ? true : undefined), {
      deadlineMs: 60_000,
      intervalMs: 5,
    });
    expect(await command.terminate()).toBe(1);
    expect(command.stderr).toMatch(
      new RegExp(`interrupted: \\d+ of ${inCluster} Services were given back.*run it again to go on`),
    );
    expect(givenBack().length).toBeLessThan(COUNT);
  });

  it('goes on where it was, does all it can, and names what it cannot', async () => {
    const startMs = Date.now();
    const left = ALL.length - givenBack().length;
    const command = handOver();
    expect(await command.exited()).toBe(1);
    expect(command.stderr).toContain(`${inCluster - 1} of ${inCluster} Services were given back`);
    expect(command.stderr).toMatch(new RegExp(`refused: ${namespace}/${STUCK}: .*spec.selector`));
    await waitFor('the watches to tell', async () => (givenBack().length === COUNT ? true : undefined));
    print(`${left} of ${ALL.length} Services given back in ${((Date.now() - startMs) / 1000).toFixed(1)} s`);
  });

  it('is done once what was in the way is put right', async () => {
    await cluster.api.mergePatch(`${objectsPath()}/${STUCK}`, { spec: { selector: { app: 'web' } } });
    const command = handOver();
    expect(await command.exited()).toBe(0);
    expect(await command.recordOf('handed over')).toMatchObject({ objects: inCluster });
    await waitFor('the watches to tell', async () => (givenBack().length === ALL.length ? true : undefined));
  });

  it('leaves no Service without an endpoint for a moment', () => {
    const gaps = ALL.map((name) => endpointTimeline(slices.changes(name), sinceMs, Date.now()).longestGapMs);
    expect(Math.max(...gaps)).toBe(0);
  });

  it('writes each Service once and each object twice', () => {
    const writesOf = (watch: ObjectWatch<KubernetesObject>, name: string) =>
      watch.changes().filter(({ atMs, object }) => atMs >= sinceMs && object.metadata.name === name).length;
    const counts = NAMES.map((name) => [writesOf(services, name), writesOf(objects, name)]);
    expect(new Set(counts.map(String))).toEqual(new Set(['1,2']));
  });
});
