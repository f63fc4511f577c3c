import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  EndpointSlice,
  KubernetesEvent,
  KubernetesObject,
  Service,
  ServiceSpec,
} from '#lib/core/kubernetes.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import { PROBE_SECRETS } from '../../../hooks/probe-secret-access.ts';
import type { Status } from '../../../images/controller/src/status/status.ts';
import { anEndpoint, aSlice } from '../../support/builders.ts';
import type { SharedControlPlane } from '../../support/control-plane.ts';
import { ControllerProgram } from '../../support/controller-program.ts';
import { installModule } from '../../support/installed-module.ts';

type Swh = KubernetesObject & { readonly spec: unknown; readonly status?: Status };
interface List<T> {
  readonly items: readonly T[];
}

let cluster: SharedControlPlane;
let namespace: string;
let controller: ControllerProgram;
let kubeconfig: string;

beforeAll(async () => {
  ({ cluster, namespace, kubeconfig } = await installModule('controller'));
  const onService = ({ object }: { readonly object: Service }) => void written.push(object);
  void cluster.api.watch<Service>(`${services()}?watch=true`, onService, watching.signal).catch(() => {});
  controller = new ControllerProgram(kubeconfig);
  await controller.recordOf('leading');
});

afterAll(async () => {
  watching.abort();
  await controller?.terminate();
});

const objects = () => `/apis/network.deckhouse.io/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;
const services = () => `/api/v1/namespaces/${namespace}/services`;
const slices = () => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;

const create = (name: string, spec: Readonly<Record<string, unknown>> = {}, metadata = {}): Promise<Swh> =>
  cluster.api.post(objects(), {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name, ...metadata },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  });
const childOf = (name: string) => cluster.api.get<Service>(`${services()}/${name}`);
const objectOf = (name: string) => cluster.api.get<Swh>(`${objects()}/${name}`);
/** Waits until the condition has the reason and speaks of the latest generation. */
const settled = (name: string, type: string, reason: string) =>
  waitFor(`${name} to have ${type} with reason ${reason}`, async () => {
    const object = await objectOf(name);
    const condition = object.status?.conditions?.find((one) => one.type === type);
    const isLatest = condition?.observedGeneration === object.metadata.generation;
    return condition?.reason === reason && isLatest ? condition : undefined;
  });

/** States of the Services of the namespace, in the order in which they were written. */
const written: Service[] = [];
const watching = new AbortController();
const writesTo = (name: string) => written.filter(({ metadata }) => metadata.name === name);

/** Makes the controller look at an object once more; afterwards a write too many would have been seen. */
async function poke(name: string, value: string): Promise<void> {
  await cluster.api.mergePatch(`${objects()}/${name}`, { metadata: { labels: { poke: value } } });
  await waitFor(`the label to arrive at Service ${name}`, async () =>
    writesTo(name).at(-1)?.metadata.labels?.['poke'] === value ? true : undefined,
  );
}

const SPECS: readonly { readonly name: string; readonly spec: ServiceSpec }[] = [
  { name: 'plain', spec: {} },
  { name: 'headless', spec: { clusterIP: 'None' } },
  { name: 'node-port', spec: { type: 'NodePort' } },
  { name: 'balancer', spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24'] } },
  {
    name: 'local-balancer',
    spec: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      loadBalancerClass: 'example.org/lb',
      loadBalancerIP: '192.0.2.7',
      allocateLoadBalancerNodePorts: false,
    },
  },
  { name: 'external', spec: { type: 'ExternalName', externalName: 'example.org' } },
  {
    name: 'affine',
    spec: { sessionAffinity: 'ClientIP', externalIPs: ['192.0.2.8'], internalTrafficPolicy: 'Local' },
  },
  {
    name: 'dual',
    spec: {
      ipFamilyPolicy: 'PreferDualStack',
      trafficDistribution: 'PreferClose',
      publishNotReadyAddresses: true,
    },
  },
];

describe('what was written and does not count', () => {
  it('is named where the API server has removed it from a manifest', async () => {
    const manifest = {
      apiVersion: 'network.deckhouse.io/v1alpha1',
      kind: 'ServiceWithHealthchecks',
      metadata: { name: 'lossy', namespace },
      spec: { selector: { app: 'lossy' }, ports: [{ port: 80 }], futureField: 'x' },
    };
    const apply = (object: object) =>
      cluster.kubectl(['apply', '--validate=ignore', '-f', '-'], JSON.stringify(object));
    await apply(manifest);
    const { status, message } = await settled('lossy', 'FieldsKnown', 'UnknownFields');
    expect([status, message]).toEqual(['False', expect.stringContaining('spec.futureField')]);
    const { futureField: _, ...spec } = manifest.spec;
    await apply({ ...manifest, spec });
    await waitFor('the condition to go', async () => {
      const conditions = (await objectOf('lossy')).status?.conditions ?? [];
      return conditions.some(({ type }) => type === 'FieldsKnown') ? undefined : true;
    });
  });

  it('is named where hints are asked for that nobody makes, and nothing else is unknown', async () => {
    await create('hinted', {}, { annotations: { 'service.kubernetes.io/topology-mode': 'Auto' } });
    const { message } = await settled('hinted', 'Accepted', 'Accepted');
    expect(message).toMatch(
      /^The specification is valid; metadata\.annotations\[service\.kubernetes\.io\/topology-mode\]: [^;]*; [^;]*$/,
    );
    expect(controller.log.filter(({ msg }) => String(msg).includes('fields'))).toEqual([]);
  });
});

describe('the child Service', () => {
  it.each(SPECS)('of $name appears with one write and stays as it is', async ({ name, spec }) => {
    await create(name, { ...spec });
    await settled(name, 'ChildServiceReady', 'ChildServiceWasCreated');
    const child = await childOf(name);
    expect(child.spec).toMatchObject(spec);
    expect(child.spec.selector).toBeUndefined();
    expect(child.metadata).toMatchObject({
      labels: { heritage: 'deckhouse' },
      ownerReferences: [{ kind: 'ServiceWithHealthchecks', name, controller: true }],
    });
    expect(child.metadata.ownerReferences?.[0]).not.toHaveProperty('blockOwnerDeletion');
    await poke(name, '1');
    expect(writesTo(name)).toHaveLength(2);
    expect((await childOf(name)).spec).toEqual(child.spec);
  });

  it.each([
    { from: 'plain', to: { type: 'NodePort', sessionAffinity: 'ClientIP' } },
    { from: 'node-port', to: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } },
    { from: 'balancer', to: { type: 'ClusterIP', loadBalancerSourceRanges: null } },
    { from: 'external', to: { type: 'ClusterIP', externalName: null } },
    { from: 'affine', to: { type: 'ExternalName', externalName: 'a.example', sessionAffinity: null } },
  ])('follows a change of $from with one write', async ({ from, to }) => {
    const before = writesTo(from).length;
    await cluster.api.mergePatch(`${objects()}/${from}`, { spec: to });
    await settled(from, 'ChildServiceReady', 'ChildServiceWasCreated');
    const wanted = Object.fromEntries(Object.entries(to).filter(([, value]) => value !== null));
    await waitFor(`the Service of ${from} to follow`, async () => {
      const { spec } = await childOf(from);
      return Object.entries(wanted).every(([field, value]) => spec[field as keyof ServiceSpec] === value)
        ? true
        : undefined;
    });
    await poke(from, '2');
    expect(
      writesTo(from)
        .slice(before)
        .map(({ spec }) => spec),
    ).toHaveLength(2);
  });

  it('is repaired and created again, and keeps what others wrote on it', async () => {
    await create('drift', { type: 'NodePort' }, { labels: { team: 'a' } });
    await settled('drift', 'ChildServiceReady', 'ChildServiceWasCreated');
    await cluster.api.mergePatch(`${services()}/drift`, {
      metadata: { annotations: { 'metallb.io/ip': 'x' }, labels: { team: null } },
      spec: { sessionAffinity: 'ClientIP', selector: { app: 'x' } },
    });
    const child = await waitFor('the drift to be repaired', async () => {
      const one = await childOf('drift');
      return one.metadata.labels?.['team'] === 'a' && one.spec.sessionAffinity === 'None' ? one : undefined;
    });
    expect(child.spec.selector).toBeUndefined();
    expect(child.metadata.annotations).toMatchObject({
      'metallb.io/ip': 'x',
      'network.deckhouse.io/propagated-labels': 'team',
    });
    await cluster.api.delete(`${services()}/drift`);
    await waitFor('the Service to be there again', async () => {
      const one = await childOf('drift');
      return one.metadata.uid !== child.metadata.uid ? true : undefined;
    });
  });

  it('leaves a foreign Service untouched, says so, and takes the name once it is free', async () => {
    const foreign = await cluster.api.post<Service>(services(), {
      metadata: { name: 'taken' },
      spec: { selector: { app: 'other' }, ports: [{ port: 80 }] },
    });
    await create('taken');
    const condition = await settled('taken', 'ChildServiceReady', 'ChildServiceConflict');
    expect(condition.message).toContain('delete the Service or rename');
    expect((await childOf('taken')).metadata.resourceVersion).toBe(foreign.metadata.resourceVersion);
    expect((await objectOf('taken')).status).not.toHaveProperty('clusterIP');
    await cluster.api.delete(`${services()}/taken`);
    await settled('taken', 'ChildServiceReady', 'ChildServiceWasCreated');
    const { clusterIP } = (await childOf('taken')).spec;
    await waitFor('the address to be mirrored', async () =>
      (await objectOf('taken')).status?.clusterIP === clusterIP ? true : undefined,
    );
  });

  it('reports in the words of the API server what it refuses', async () => {
    await create('refused', { type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 80 }] });
    const condition = await settled('refused', 'ChildServiceReady', 'ChildServiceWasNotCreated');
    expect(condition.message).toContain('nodePort');
    expect(condition.message).toContain('not in the valid range');
    await cluster.api.mergePatch(`${objects()}/refused`, {
      spec: { type: 'ClusterIP', ports: [{ port: 80 }] },
    });
    await settled('refused', 'ChildServiceReady', 'ChildServiceWasCreated');
  });

  it('reports an address that cannot change and goes on with the rest', async () => {
    await create('pinned');
    await settled('pinned', 'ChildServiceReady', 'ChildServiceWasCreated');
    const { clusterIP } = (await childOf('pinned')).spec;
    await cluster.api.mergePatch(`${objects()}/pinned`, {
      spec: { clusterIP: '10.96.77.77', sessionAffinity: 'ClientIP' },
    });
    const condition = await settled('pinned', 'ChildServiceReady', 'ChildServiceClusterIPImmutable');
    expect(condition.message).toContain(`has ${clusterIP}`);
    const { spec } = await childOf('pinned');
    expect([spec.clusterIP, spec.sessionAffinity]).toEqual([clusterIP, 'ClientIP']);
  });
});

describe('a rejected object', () => {
  it('is told what is wrong, keeps its Service, and disturbs no other', async () => {
    // A rule that no schema can hold.
    const caCert = '-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n';
    const probe = { mode: 'HTTP', http: { targetPort: 443, scheme: 'HTTPS', caCert } };
    await create('rejected', { healthcheck: { probes: [probe] } });
    const condition = await settled('rejected', 'Accepted', 'InvalidSpec');
    expect(condition.message).toContain('caCert');
    const event = await waitFor('the Event about it', async () => {
      const list = await cluster.api.get<List<KubernetesEvent>>(
        `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
      );
      return list.items.find(
        ({ reason, regarding }) => reason === 'InvalidSpec' && regarding.name === 'rejected',
      );
    });
    expect(event).toMatchObject({ type: 'Warning', note: condition.message });
    await create('accepted');
    await settled('accepted', 'ChildServiceReady', 'ChildServiceWasCreated');
    await expect(childOf('rejected')).rejects.toThrow();
    await cluster.api.mergePatch(`${objects()}/rejected`, { spec: { healthcheck: null } });
    await settled('rejected', 'Accepted', 'Accepted');
    await settled('rejected', 'ChildServiceReady', 'ChildServiceWasCreated');
  });
});

describe('slices', () => {
  /** What an agent on the node would publish. */
  const publish = async (swh: Swh, name: string, nodeName: string) => {
    const slice = aSlice({
      namespace,
      name,
      nodeName,
      swhName: swh.metadata.name,
      swhUid: swh.metadata.uid ?? '',
      endpoints: [anEndpoint({ nodeName, podName: `${name}-pod` })],
    });
    const { uid: _, resourceVersion: __, creationTimestamp: ___, ...metadata } = slice.metadata;
    return cluster.api.post<EndpointSlice>(slices(), { ...slice, metadata });
  };
  const setReady = (node: string, status: string) =>
    cluster.api.mergePatch(`/api/v1/nodes/${node}/status`, {
      status: { conditions: [{ type: 'Ready', status, reason: 'x', message: 'x' }] },
    });

  const metricsText = async () => (await controller.fetch('metrics', '/metrics')).text();

  it('are counted, taken out with their node, and deleted with it', async () => {
    const nodeName = `node-${namespace}`;
    await cluster.api.post('/api/v1/nodes', { metadata: { name: nodeName } });
    await setReady(nodeName, 'True');
    const swh = await create('counted');
    await publish(swh, 'counted-1', nodeName);
    await settled('counted', 'Ready', 'AllEndpointsAreReady');
    expect((await objectOf('counted')).status).toMatchObject({
      endpoints: '1/1',
      endpointStatuses: [{ podName: 'counted-1-pod', nodeName, ready: true }],
    });
    const series = `swh_controller_node_endpoints{node="${nodeName}"}`;
    expect(await metricsText()).toContain(`${series} 1`);
    await setReady(nodeName, 'Unknown');
    const condition = await settled('counted', 'Ready', 'NotAllEndpointsAreReady');
    expect(condition.message).toBe('0 of 1 endpoints are ready');
    expect(await metricsText()).not.toContain(series);
    expect((await cluster.api.get<EndpointSlice>(`${slices()}/counted-1`)).endpoints[0]?.conditions).toEqual({
      ready: false,
      serving: false,
      terminating: false,
    });
    await cluster.api.delete(`/api/v1/nodes/${nodeName}`);
    await waitFor('the slice of the node to go', async () => {
      const list = await cluster.api.get<List<EndpointSlice>>(
        `${slices()}?labelSelector=${MANAGED_BY_LABEL}=${MANAGED_BY},kubernetes.io/service-name=counted`,
      );
      return list.items.length === 0 ? true : undefined;
    });
  });
});

describe('access to probe Secrets', () => {
  it('comes with the probe and goes with it', async () => {
    const probe = { mode: 'PostgreSQL', postgreSQL: { targetPort: 5432, authSecretName: 'login' } };
    await create('database', { healthcheck: { probes: [probe] } });
    const agent = `system:serviceaccount:d8-service-with-healthchecks:agent`;
    const may = (verb: string, secret: string) =>
      cluster.kubectl(['auth', 'can-i', verb, `secret/${secret}`, '-n', namespace, `--as=${agent}`]).then(
        (answer) => answer.trim() === 'yes',
        () => false,
      );
    await waitFor('the agents to get access', async () => ((await may('get', 'login')) ? true : undefined));
    expect(await may('get', 'other')).toBe(false);
    expect(await may('delete', 'login')).toBe(false);
    await cluster.api.delete(`${objects()}/database`);
    const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    await waitFor('the access to go', async () => {
      const [role, binding] = await Promise.all(
        ['roles', 'rolebindings'].map((plural) =>
          cluster.api.get<List<KubernetesObject>>(
            `${roles}/${plural}?fieldSelector=metadata.name=${PROBE_SECRETS}`,
          ),
        ),
      );
      return role?.items.length === 0 && binding?.items.length === 0 ? true : undefined;
    });
  });
});

describe('the program', () => {
  it('answers its probes and shows its metrics', async () => {
    expect((await controller.fetch('health', '/livez')).status).toBe(200);
    expect((await controller.fetch('health', '/readyz')).status).toBe(200);
    const metrics = await (await controller.fetch('metrics', '/metrics')).text();
    expect(metrics).toContain('swh_controller_leader 1');
    expect(metrics).toContain(`swh_controller_endpoints{namespace="${namespace}",name="accepted"} 0`);
    expect(metrics).not.toContain('name="database"');
  });

  it('writes nothing while nothing changes', async () => {
    const versions = async () =>
      (await cluster.api.get<List<Swh>>(objects())).items.map(({ metadata }) => metadata.resourceVersion);
    const before = await versions();
    await poke('accepted', '3');
    expect((await versions()).filter((version) => !before.includes(version))).toHaveLength(1);
  });

  it('has sent no write that changed nothing', async () => {
    const sent = (name: string) =>
      controller.log.filter(({ operation }) => String(operation).endsWith(` Service ${namespace}/${name}`))
        .length;
    for (const { name } of SPECS) expect([name, sent(name)]).toEqual([name, writesTo(name).length]);
  });

  it('stands by while another one leads and takes over within seconds when that one ends', async () => {
    const second = new ControllerProgram(kubeconfig);
    try {
      await waitFor('the second controller to be ready', async () =>
        (await second.fetch('health', '/readyz')).ok ? true : undefined,
      );
      expect(await (await second.fetch('metrics', '/metrics')).text()).toContain('swh_controller_leader 0');
      const startMs = performance.now();
      expect(await controller.terminate()).toBe(0);
      await second.recordOf('leading');
      expect(performance.now() - startMs).toBeLessThan(8_000);
      await create('after-hand-over');
      await settled('after-hand-over', 'ChildServiceReady', 'ChildServiceWasCreated');
      expect(second.log.filter(({ level }) => level === 'error')).toEqual([]);
    } finally {
      await second.terminate();
    }
  });

  it('refuses a wrong flag with one line', async () => {
    const wrong = new ControllerProgram(kubeconfig, ['--leader-elect', 'maybe']);
    expect(await wrong.exited()).toBe(2);
    expect(wrong.stderr).toMatch(/^controller: --leader-elect must be true or false[^\n]*\n$/);
  });
});
