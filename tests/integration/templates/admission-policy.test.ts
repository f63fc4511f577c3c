import { beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint, KubernetesObject, Node } from '#lib/core/kubernetes.ts';
import { nodeLabelValue } from '#lib/core/pod/node-facts.ts';
import { ApiClient, ApiError } from '../../../dev/cluster/api-client.ts';
import { readKubeconfig } from '../../../dev/cluster/kubeconfig.ts';
import { waitFor } from '../../../dev/process/wait-for.ts';
import type { SharedControlPlane } from '../../support/control-plane.ts';
import { installModule } from '../../support/installed-module.ts';

const NAMESPACE = 'd8-service-with-healthchecks';
const LONG = (last: string) => `node-${'x'.repeat(60)}.example.${last}`;
const OWN = 'policy-a';
const OTHER = 'policy-b';
const LONG_OWN = LONG('a');
const LONG_OTHER = LONG('b');

interface Slice {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
  };
  readonly endpoints: readonly Pick<Endpoint, 'addresses' | 'nodeName'>[] | null;
}

/** A slice as the agent of `node` makes it for the object `web`. */
function sliceOf(node: string, labels: Readonly<Record<string, string | undefined>> = {}): Slice {
  const all = {
    'kubernetes.io/service-name': 'web',
    'endpointslice.kubernetes.io/managed-by': 'servicewithhealthchecks',
    'network.deckhouse.io/node': nodeLabelValue(node),
    ...labels,
  };
  const given = Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  return {
    metadata: { name: 'web-slice', labels: Object.fromEntries(given), ownerReferences: [owner()] },
    endpoints: [{ addresses: ['10.1.1.1'], nodeName: node }],
  };
}

function owner(change: object = {}): object {
  const kind = 'ServiceWithHealthchecks';
  return {
    ...{ apiVersion: 'network.deckhouse.io/v1alpha1', kind, name: 'web', controller: true },
    ...change,
  };
}

const withOwners = (slice: Slice, ...ownerReferences: readonly object[]): Slice => ({
  ...slice,
  metadata: { ...slice.metadata, ownerReferences },
});
const withEndpoints = (slice: Slice, ...nodes: readonly (string | undefined)[]): Slice => ({
  ...slice,
  endpoints: nodes.map((nodeName, index) => ({
    addresses: [`10.1.2.${index + 1}`],
    ...(nodeName !== undefined && { nodeName }),
  })),
});
const UNLABELLED = { 'network.deckhouse.io/node': undefined };
const FOREIGN = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };

interface Case {
  readonly name: string;
  /** Whose token. Default: the agent on `policy-a`. */
  readonly by?: string;
  /** What is there before. */
  readonly stored?: Slice;
  /** What is written; none: the stored one is deleted. */
  readonly written?: Slice;
  /** Part of the refusal; none: it is let in. */
  readonly refusal?: string;
}

const mine = sliceOf(OWN);
const theirs = sliceOf(OTHER);

const CASES: readonly Case[] = [
  { name: 'makes a slice of its node', written: mine },
  { name: 'makes a slice without endpoints', written: { ...mine, endpoints: [] } },
  { name: 'makes a slice whose list of endpoints is null', written: { ...mine, endpoints: null } },
  { name: 'makes a slice of a node with a long name', by: LONG_OWN, written: sliceOf(LONG_OWN) },
  { name: 'changes the endpoints of its slice', stored: mine, written: withEndpoints(mine, OWN, OWN) },
  { name: 'empties its slice', stored: mine, written: { ...mine, endpoints: [] } },
  { name: 'deletes its slice', stored: mine },
  { name: 'deletes its slice of a node with a long name', by: LONG_OWN, stored: sliceOf(LONG_OWN) },
  {
    name: 'adopts a slice without the node label whose endpoints are all on its node',
    stored: sliceOf(OWN, UNLABELLED),
    written: mine,
  },
  {
    name: 'adopts such a slice whatever owns it',
    stored: withOwners(sliceOf(OWN, UNLABELLED)),
    written: withOwners(mine),
  },
  {
    name: 'makes a slice with the label of another node',
    written: sliceOf(OWN, { 'network.deckhouse.io/node': OTHER }),
    refusal: 'names another node than policy-a',
  },
  {
    name: 'makes a slice with the label of another long name',
    by: LONG_OWN,
    written: withEndpoints(sliceOf('node-y'), LONG_OWN),
    refusal: 'names another node',
  },
  {
    name: 'makes a slice without the node label',
    written: sliceOf(OWN, UNLABELLED),
    refusal: 'names another node than policy-a',
  },
  {
    name: 'makes a slice with an endpoint of another node',
    written: withEndpoints(mine, OWN, OTHER),
    refusal: 'an endpoint is on another node than policy-a',
  },
  {
    name: 'makes a slice with an endpoint of a node whose long name begins alike',
    by: LONG_OWN,
    written: withEndpoints(sliceOf(LONG_OWN), LONG_OTHER),
    refusal: 'an endpoint is on another node',
  },
  {
    name: 'makes a slice with an endpoint of no node',
    written: withEndpoints(mine, undefined),
    refusal: 'an endpoint is on another node',
  },
  {
    name: 'makes a slice in the name of the standard controller',
    written: sliceOf(OWN, FOREIGN),
    refusal: 'managed-by=servicewithhealthchecks only',
  },
  {
    name: 'makes a slice that nothing owns',
    written: withOwners(mine),
    refusal: 'the controller of a slice',
  },
  {
    name: 'makes a slice of a Service that is not the child of its owner',
    written: sliceOf(OWN, { 'kubernetes.io/service-name': 'kubernetes' }),
    refusal: 'the controller of a slice',
  },
  {
    name: 'makes a slice that a pod owns',
    written: withOwners(mine, owner({ apiVersion: 'v1', kind: 'Pod' })),
    refusal: 'the controller of a slice',
  },
  {
    name: 'moves its slice to another Service',
    stored: mine,
    written: sliceOf(OWN, { 'kubernetes.io/service-name': 'kubernetes' }),
    refusal: 'does not change',
  },
  { name: 'changes a slice of another node', stored: theirs, written: theirs, refusal: 'another node' },
  {
    name: 'takes a slice of another node for its own',
    stored: theirs,
    written: mine,
    refusal: 'the slice belongs to another node than policy-a',
  },
  {
    name: 'takes a slice with the label of another node, though its endpoints are on its own',
    stored: withEndpoints(theirs, OWN),
    written: mine,
    refusal: 'the slice belongs to another node than policy-a',
  },
  {
    name: 'gives its slice to another node',
    stored: mine,
    written: theirs,
    refusal: 'names another node than policy-a',
  },
  { name: 'deletes a slice of another node', stored: theirs, refusal: 'the slice belongs to another node' },
  {
    name: 'deletes a slice without the node label',
    stored: sliceOf(OWN, UNLABELLED),
    refusal: 'the slice belongs to another node',
  },
  {
    name: 'deletes a slice of the standard controller',
    stored: sliceOf(OWN, { ...UNLABELLED, ...FOREIGN }),
    refusal: 'managed by somebody else',
  },
  {
    name: 'adopts a slice with an endpoint of another node',
    stored: withEndpoints(sliceOf(OWN, UNLABELLED), OWN, OTHER),
    written: mine,
    refusal: 'the slice belongs to another node',
  },
  {
    name: 'adopts a slice without endpoints, which could be anybody’s',
    stored: { ...sliceOf(OWN, UNLABELLED), endpoints: [] },
    written: { ...mine, endpoints: [] },
    refusal: 'the slice belongs to another node',
  },
  {
    name: 'adopts a slice of the standard controller',
    stored: sliceOf(OWN, { ...UNLABELLED, ...FOREIGN }),
    written: mine,
    refusal: 'managed by somebody else',
  },
  {
    name: 'writes with a token that names no node',
    by: 'nobody',
    written: mine,
    refusal: 'names no node',
  },
];

let cluster: SharedControlPlane;
let slices: string;
let ownerUid: string | undefined;
const agents = new Map<string, ApiClient>();

beforeAll(async () => {
  const installed = await installModule('policy');
  cluster = installed.cluster;
  slices = `/apis/discovery.k8s.io/v1/namespaces/${installed.namespace}/endpointslices`;
  const objects = `/apis/network.deckhouse.io/v1alpha1/namespaces/${installed.namespace}/servicewithhealthchecks`;
  const type = { apiVersion: 'network.deckhouse.io/v1alpha1', kind: 'ServiceWithHealthchecks' };
  const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] };
  const made = await cluster.api.post<KubernetesObject>(objects, {
    ...type,
    metadata: { name: 'web' },
    spec,
  });
  ownerUid = made.metadata.uid;
  for (const name of [OWN, LONG_OWN]) agents.set(name, await agentOn(name));
  agents.set('nobody', await agentWith({}));
  await waitFor('the policy to be in force', async () =>
    (await answerOf({ name: '', written: theirs })) === undefined ? undefined : true,
  );
});

describe('an agent', () => {
  it.each(CASES.filter(({ refusal }) => refusal === undefined))('$name', async (one) => {
    expect(await answerOf(one)).toBeUndefined();
  });

  it.each(CASES.filter(({ refusal }) => refusal !== undefined))('never $name', async (one) => {
    expect(await answerOf(one)).toContain(one.refusal);
  });
});

it('leaves everybody else alone', async () => {
  const foreign = typed(sliceOf(OTHER, FOREIGN));
  await expect(cluster.api.post(`${slices}?dryRun=All`, foreign)).resolves.toMatchObject(foreign);
});

it('holds no expression that the API server finds wrong', async () => {
  const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
  const { status, metadata } = await waitFor('the expressions to be checked', async () => {
    const policy = await cluster.api.get<Policy>(
      `${policies}/agent-slices.service-with-healthchecks.deckhouse.io`,
    );
    return policy.status?.observedGeneration === policy.metadata.generation ? policy : undefined;
  });
  expect(status).toEqual({ observedGeneration: metadata.generation, typeChecking: {} });
});

interface Policy {
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly observedGeneration?: number; readonly typeChecking?: object };
}

/** The refusal, or nothing where the write is let in. The write itself is a dry run. */
async function answerOf({ by = OWN, stored, written }: Case): Promise<string | undefined> {
  const path = `${slices}/${mine.metadata.name}`;
  const agent = agents.get(by);
  if (agent === undefined) throw new Error(`no agent on ${by}`);
  try {
    const made = stored && (await cluster.api.post<Slice>(slices, typed(stored)));
    if (written === undefined) await agent.delete(`${path}?dryRun=All`);
    else if (made === undefined) await agent.post(`${slices}?dryRun=All`, typed(written));
    else await agent.put(`${path}?dryRun=All`, typed(written));
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && /denied request/.test(error.message)) return error.message;
    throw error;
  } finally {
    await cluster.api.delete(path);
  }
}

/** The slice as it is sent. Its owner is the real object: the garbage collector would remove the slice otherwise. */
function typed(slice: Slice): object {
  const ownerReferences = slice.metadata.ownerReferences?.map((one) => ({ ...one, uid: ownerUid }));
  return { addressType: 'IPv4', ports: null, ...slice, metadata: { ...slice.metadata, ownerReferences } };
}

async function agentOn(name: string): Promise<ApiClient> {
  const { metadata } = await cluster.api.post<Node>('/api/v1/nodes', { metadata: { name } });
  return agentWith({ boundTo: { kind: 'Node', name, uid: metadata.uid ?? '' } });
}

async function agentWith(bound: {
  readonly boundTo?: { readonly kind: 'Node'; readonly name: string; readonly uid: string };
}): Promise<ApiClient> {
  const account = { namespace: NAMESPACE, name: 'agent', ...bound };
  return new ApiClient(readKubeconfig(await cluster.serviceAccountKubeconfig(account)));
}
