import { beforeAll, describe, expect, it } from 'vitest';
import type { EndpointSlice, KubernetesObject } from '#lib/core/kubernetes.ts';
import { parseIpAddress, refusedRange } from '#lib/core/pod/ip-address.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import { planSlices, type SlicePlanInput } from '#lib/core/slice/slice-plan.ts';
import { ApiError } from '../../../../dev/cluster/api-client.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';
import { aNode, anSwh, aPod, aVerdict, type SwhGiven } from '../../../support/builders.ts';
import { type SharedControlPlane, sharedControlPlane } from '../../../support/control-plane.ts';
import { manifest } from '../../../support/resource-corpus.ts';
import { manyPods, planInput } from '../../../support/slice-planning.ts';

const CRD_FILE = new URL('../../../../crds/servicewithhealthchecks.yaml', import.meta.url).pathname;
const NOTHING = { create: [], update: [], delete: [] };

let cluster: SharedControlPlane;
let namespace: string;
/** Of an object that exists, because the garbage collector deletes slices of an owner that does not. */
let uid: string;

beforeAll(async () => {
  cluster = await sharedControlPlane();
  namespace = await cluster.createNamespace('slices');
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', CRD_FILE]);
  const path = `/apis/network.deckhouse.io/v1alpha1/namespaces/${namespace}/servicewithhealthchecks`;
  const { spec } = manifest({ ports: [{ port: 80 }] });
  const body = {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name: 'web', namespace },
    spec,
  };
  const owner = await waitFor('the object to be accepted', () =>
    cluster.api.post<KubernetesObject>(path, body),
  );
  uid = owner.metadata.uid ?? '';
});

function slicesPath(name = ''): string {
  return `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices${name && `/${name}`}`;
}

async function storedSlices(): Promise<readonly EndpointSlice[]> {
  const { items } = await cluster.api.get<{ items: readonly EndpointSlice[] }>(slicesPath());
  return items;
}

/** Applies a plan as its consumer shall, and gives back what is stored then. */
async function publishStored(input: SlicePlanInput): Promise<readonly EndpointSlice[]> {
  const plan = planSlices(input);
  for (const slice of plan.create) await cluster.api.post(slicesPath(), slice);
  for (const { current, next } of plan.update) await cluster.api.put(slicesPath(current.metadata.name), next);
  for (const slice of plan.delete) await cluster.api.delete(slicesPath(slice.metadata.name));
  return storedSlices();
}

function inputFor(given: SwhGiven, rest: Partial<SlicePlanInput> = {}): SlicePlanInput {
  const pods = rest.pods ?? [aPod({ ips: ['10.1.0.1', 'fd00::1'] })];
  return planInput({
    ...rest,
    swh: anSwh({ ...given, namespace, uid }),
    pods: pods.map((pod) => ({ ...pod, metadata: { ...pod.metadata, namespace } })),
  });
}

describe('slices in a real API server', () => {
  const down = aVerdict({
    isUp: false,
    failed: [{ index: 0, probe: 'tcp:10.1.0.1:8080', message: 'refused' }],
  });
  const hostname = { hostname: 'first', subdomain: 'web' };
  const zone = nodeFacts('node-1', aNode({ zone: 'zone-a' }));

  const cases: readonly { name: string; given: SwhGiven; rest?: Partial<SlicePlanInput> }[] = [
    { name: 'the default object', given: {} },
    { name: 'failing probes', given: {}, rest: { verdictOf: () => down } },
    { name: 'no probes', given: { healthcheck: { probes: [] } } },
    { name: 'two families', given: { ipFamilies: ['IPv4', 'IPv6'] } },
    { name: 'labels and a headless Service', given: { labels: { a: 'b' }, service: { clusterIP: 'None' } } },
    { name: 'no ports', given: { service: { clusterIP: 'None', ports: [] } } },
    { name: 'a nameless port with nothing else', given: { service: { ports: [{ port: 80 }] } } },
    {
      name: 'several ports',
      given: {
        service: {
          ports: [
            { name: 'z', port: 80, appProtocol: 'kubernetes.io/h2c' },
            { name: 'a', port: 53, protocol: 'UDP', targetPort: 5353 },
          ],
        },
      },
    },
    { name: 'a hostname', given: {}, rest: { pods: [aPod({ spec: hostname })] } },
    {
      name: 'zone and hints',
      given: { service: { trafficDistribution: 'PreferSameNode' } },
      rest: { node: zone },
    },
    { name: 'more than one chunk', given: {}, rest: { pods: manyPods(210) } },
    { name: 'a long node name', given: {}, rest: longNode() },
    {
      name: 'a pod whose address no slice may hold',
      given: {},
      rest: { pods: [aPod(), aPod({ name: 'local', ips: ['127.0.0.1'] })] },
    },
    { name: 'such a pod alone', given: {}, rest: { pods: [aPod({ name: 'local', ips: ['169.254.1.1'] })] } },
    { name: 'no pods', given: {}, rest: { pods: [] } },
  ];

  it.each(cases)('are accepted and need no second write: $name', async ({ given, rest = {} }) => {
    const input = inputFor(given, rest);
    const existing = await publishStored({ ...input, existing: await storedSlices() });
    expect(existing.length > 0).toBe(input.pods.length > 0);
    expect(planSlices({ ...input, existing })).toEqual(NOTHING);
    await publishStored({ ...input, existing, publication: 'withdraw' });
  });

  it.each([
    ...['0.0.0.0', '127.0.0.1', '169.254.1.1', '224.0.0.251', '224.0.1.1', '239.1.1.1', '240.0.0.1'],
    ...['255.255.255.255', '10.1.0.1', '::', '::1', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::1', 'ff12::1'],
    ...['ff05::2', '::2', '::ffff:7f00:1', 'fd00::1'],
  ])('may hold %s exactly where the rule says so', async (ip) => {
    const parsed = parseIpAddress(ip);
    if (parsed === undefined) throw new Error(`${ip} is an address`);
    const slice = {
      metadata: { name: 'probe' },
      addressType: parsed.family,
      endpoints: [{ addresses: [parsed.address] }],
    };
    const isAccepted = await cluster.api.post(`${slicesPath()}?dryRun=All`, slice).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ApiError && error.status === 422) return false;
        throw error;
      },
    );
    expect(isAccepted).toBe(refusedRange(parsed) === undefined);
  });

  it('may be emptied while they are held', async () => {
    const existing = await publishStored(inputFor({}));
    const held: SlicePlanInput = { ...inputFor({}), pods: [], publication: 'hold' };
    const emptied = await publishStored({ ...held, existing });
    expect(emptied.map(({ endpoints }) => endpoints?.length ?? 0)).toEqual([0]);
    expect(planSlices({ ...held, existing: emptied })).toEqual(NOTHING);
    expect(await publishStored({ ...inputFor({}), existing: emptied })).toHaveLength(1);
  });
});

function longNode(): Partial<SlicePlanInput> {
  const name = `${'n'.repeat(60)}.${'m'.repeat(60)}`;
  return { node: nodeFacts(name, aNode({ name })), pods: [aPod({ nodeName: name })] };
}
