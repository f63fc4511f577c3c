import { setTimeout as delay } from 'node:timers/promises';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { waitFor } from '../process/wait-for.ts';
import { HELM_VARIANTS } from './helm-variants.ts';
import { KUBECTL_VARIANTS } from './kubectl-variants.ts';
import { changePorts } from './port-changes.ts';
import { GOOD_PODS, NAMESPACE, type Swh, type TakeOverRig } from './rig.ts';
import type { Variant } from './run.ts';
import { ADOPTING, ALL_PODS, ownService, plainService, taken } from './steps.ts';

const beside: Variant = {
  name: 'created beside',
  hasGap: false,
  end: 'ours',
  prepare: plainService,
  async act(rig, name) {
    await rig.createObject(name);
    await taken(rig, name);
  },
};

const besideWithDeaths: Variant = {
  ...beside,
  name: 'created beside, the controller killed again and again',
  isAlone: true,
  async act(rig, name) {
    await rig.createObject(name);
    const end = taken(rig, name).then(() => true);
    const { controller } = rig.product;
    for (const lifeMs of [150, 300, 80, 600, 20]) {
      if (await Promise.race([end, delay(lifeMs).then(() => false)])) break;
      await controller.kill();
      await controller.start();
    }
    await end;
  },
};

const deletedAfter: Variant = {
  ...beside,
  name: 'old Service deleted right after',
  hasGap: true,
  async act(rig, name) {
    await rig.createObject(name);
    await rig.deleteService(name);
    await taken(rig, name);
  },
};

const deletedBefore: Variant = {
  ...beside,
  name: 'old Service deleted right before',
  hasGap: true,
  async act(rig, name) {
    await rig.deleteService(name);
    await rig.createObject(name);
    await taken(rig, name);
  },
};

const deletedMeanwhile: Variant = {
  ...beside,
  name: 'old Service deleted at the same time',
  hasGap: true,
  async act(rig, name) {
    await Promise.all([rig.createObject(name), rig.deleteService(name)]);
    await taken(rig, name);
  },
};

const neverPassing: Variant = {
  ...beside,
  name: 'no pod passes for a while',
  isAlone: true,
  async prepare(rig, name) {
    for (const pod of GOOD_PODS) rig.pods.web(pod).setHealthy(false);
    await plainService(rig, name);
  },
  async act(rig, name) {
    await rig.createObject(name);
    await rig.waitForReason(name, ADOPTING, 'no endpoint passes its probes');
    const selector = (await rig.service(name))?.spec.selector;
    if (selector === undefined) throw new Error('the Service was claimed although no endpoint passes');
    for (const pod of GOOD_PODS) rig.pods.web(pod).setHealthy(true);
    await taken(rig, name);
  },
};

const differing: Variant = {
  ...beside,
  name: 'differs, with AdoptAlways',
  async prepare(rig, name) {
    const ports = [{ name: 'another', port: 80, protocol: 'TCP', targetPort: 8080 }];
    await rig.createService(name, {
      spec: { type: 'NodePort', selector: { app: 'web' }, ports, internalTrafficPolicy: 'Cluster' },
    });
    await rig.waitForStandard(name, ALL_PODS);
  },
  async act(rig, name) {
    await rig.createObject(name, { adoptionPolicy: 'AdoptAlways' });
    await taken(rig, name);
  },
};

const referenceSlices: Variant = {
  ...beside,
  name: 'from the module that is replaced',
  isAlone: true,
  async prepare(rig, name) {
    await rig.product.controller.terminate();
    for (const node of NODES) await rig.product.agent(node).terminate();
    const swh = await rig.createObject(name);
    await rig.createService(name, referenceService(swh));
    for (const node of NODES) await createReferenceSlice(rig, swh, node);
  },
  async act(rig, name) {
    await rig.product.controller.start();
    for (const node of NODES) await rig.product.agent(node).start();
    await taken(rig, name);
    await waitFor(`the slices of ${name} to carry the node label`, async () =>
      (await rig.slices(name)).every(({ metadata }) => metadata.labels?.['network.deckhouse.io/node'])
        ? true
        : undefined,
    );
  },
};

const NODES = ['node-1', 'node-2', 'node-3'] as const;

function ownerOf(swh: Swh): object {
  const { name, uid } = swh.metadata;
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    name,
    uid,
    controller: true,
  };
}

function referenceService(swh: Swh): object {
  const { selector: _, healthcheck: __, adoptionPolicy: ___, deletionPolicy: ____, ...spec } = swh.spec;
  return {
    metadata: { name: swh.metadata.name, labels: { heritage: 'deckhouse' }, ownerReferences: [ownerOf(swh)] },
    spec,
  };
}

async function createReferenceSlice(rig: TakeOverRig, swh: Swh, node: (typeof NODES)[number]): Promise<void> {
  const { api } = rig.cluster.controlPlane;
  const { name } = swh.metadata;
  const podName = `web-${node.slice(-1)}`;
  const pod = await api.get<{
    readonly metadata: { readonly uid: string };
    readonly status: { readonly podIP: string };
  }>(`/api/v1/namespaces/${NAMESPACE}/pods/${podName}`);
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${node}`,
      labels: {
        'kubernetes.io/service-name': name,
        'endpointslice.kubernetes.io/managed-by': 'servicewithhealthchecks',
        heritage: 'deckhouse',
      },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: [pod.status.podIP],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: node,
        targetRef: { kind: 'Pod', namespace: NAMESPACE, name: podName, uid: pod.metadata.uid },
      },
    ],
  };
  const metadata = { ...slice.metadata, ownerReferences: [ownerOf(swh)] };
  await api.post(`/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`, { ...slice, metadata });
}

const givenBack: Variant = {
  name: 'given back with Retain',
  hasGap: false,
  end: 'standard',
  prepare: (rig, name) => ownService(rig, name, { deletionPolicy: 'Retain' }),
  async act(rig, name) {
    await rig.deleteObject(name);
    await waitFor(`${name} to be gone`, async () =>
      (await rig.object(name)) === undefined ? true : undefined,
    );
    await rig.waitForStandard(name, ALL_PODS);
  },
};

const handedOver: Variant = {
  ...givenBack,
  name: 'the module is disabled',
  isAlone: true,
  prepare: (rig, name) => ownService(rig, name),
  async act(rig, name) {
    await rig.product.controller.terminate();
    await rig.product.controller.runToEnd(['--hand-over=true']);
    await rig.waitForStandard(name, ALL_PODS);
  },
  async cleanUp(rig, name) {
    await rig.deleteObject(name);
    await rig.product.controller.start();
  },
};

const portChanges: Variant = {
  ...beside,
  name: 'ports change',
  prepare: (rig, name) => ownService(rig, name),
  act: changePorts,
};

/** Every way in which a Service changes hands, by a word for the command line. */
export const VARIANTS: Readonly<Record<string, Variant>> = {
  beside,
  'beside-with-deaths': besideWithDeaths,
  'delete-after': deletedAfter,
  'delete-before': deletedBefore,
  'delete-meanwhile': deletedMeanwhile,
  'never-passing': neverPassing,
  'adopt-always': differing,
  reference: referenceSlices,
  'give-back': givenBack,
  'hand-over': handedOver,
  ports: portChanges,
  ...KUBECTL_VARIANTS,
  ...HELM_VARIANTS,
};
