import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import {
  PROBE_RESULTS_ANNOTATION,
  REFUSED_ENDPOINTS_ANNOTATION,
} from '#lib/core/slice/endpoint-slice-metadata.ts';
import { encodeProbeResults } from '#lib/core/slice/probe-results-text.ts';
import { encodeRefusedEndpoints } from '#lib/core/slice/refused-endpoints.ts';
import type { Status } from '../../../../../images/controller/src/status/status.ts';
import {
  aggregateStatus,
  type StatusInput,
  statusPatch,
} from '../../../../../images/controller/src/status/status-aggregator.ts';
import type { ChildState } from '../../../../../images/controller/src/status/status-conditions.ts';
import {
  aCondition,
  aHealthcheck,
  anEndpoint,
  anSwh,
  aSlice,
  aVerdict,
} from '../../../../support/builders.ts';
import { deepFreeze } from '../../../../support/deep-freeze.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const EARLIER = '2026-02-01T00:00:00Z';
const IN_SYNC: ChildState = { decision: { kind: 'inSync' } };

interface Given {
  readonly swh?: Parameters<typeof anSwh>[0];
  readonly child?: ChildState;
  readonly slices?: readonly EndpointSlice[];
  readonly service?: Service;
  readonly previous?: Status;
  readonly lostFields?: readonly string[];
}

function input({
  swh,
  child = IN_SYNC,
  slices = [],
  service,
  previous = {},
  lostFields = [],
}: Given = {}): StatusInput {
  return deepFreeze({
    generation: 3,
    parsed: { kind: 'accepted', swh: anSwh(swh), warnings: [], child },
    slices,
    lostFields,
    ...(service === undefined ? {} : { service }),
    previous,
    now: NOW,
  });
}

const statusOf = (given: Given = {}) => aggregateStatus(input(given));
const conditionOf = (status: Status, type: string) => status.conditions?.find((one) => one.type === type);

/** A slice with a verdict for each of its pods. */
function probedSlice(
  endpoints: readonly Endpoint[],
  verdicts: Readonly<Record<string, Partial<EndpointVerdict>>>,
  given: Parameters<typeof aSlice>[0] = {},
): EndpointSlice {
  const pods = Object.entries(verdicts).map(([name, verdict]) => [
    name,
    { uid: `uid-${name}`, ...aVerdict(verdict) },
  ]);
  const results = encodeProbeResults({ definition: 'd', pods: Object.fromEntries(pods) });
  return aSlice({ ...given, endpoints, annotations: { [PROBE_RESULTS_ANNOTATION]: results } });
}

const up = (podName: string, rest: Parameters<typeof anEndpoint>[0] = {}) => anEndpoint({ podName, ...rest });
const down = (podName: string, rest: Parameters<typeof anEndpoint>[0] = {}) =>
  up(podName, { conditions: { ready: false, serving: false, terminating: false }, ...rest });
const refused = {
  isUp: false,
  failed: [{ index: 0, probe: 'http:10.1.0.2:8080', message: 'HTTP GET / on 8080 returned 503' }],
};

describe('condition Ready', () => {
  it.each([
    {
      name: 'all of them',
      slices: [aSlice()],
      want: ['True', 'AllEndpointsAreReady', '1 of 1 endpoints are ready'],
    },
    {
      name: 'some of them',
      slices: [aSlice({ endpoints: [up('a'), up('b')] }), aSlice({ name: 'x', endpoints: [down('c')] })],
      want: ['False', 'NotAllEndpointsAreReady', '2 of 3 endpoints are ready'],
    },
    {
      name: 'none there',
      slices: [],
      want: [
        'False',
        'NotAllEndpointsAreReady',
        'there are no endpoints: no running pod matches the selector',
      ],
    },
  ])('says that endpoints are ready: $name', ({ slices, want }) => {
    const ready = conditionOf(statusOf({ slices }), 'Ready');
    expect([ready?.status, ready?.reason, ready?.message]).toEqual(want);
    expect(ready?.observedGeneration).toBe(3);
  });

  it('is true for an external name, which has no endpoints', () => {
    const status = statusOf({ swh: { service: { type: 'ExternalName', externalName: 'a.b' } } });
    expect(conditionOf(status, 'Ready')?.status).toBe('True');
  });

  it('keeps its transition time until its status changes, whatever else does', () => {
    const before = [aCondition({ type: 'Ready', status: 'True', lastTransitionTime: EARLIER })];
    const same = statusOf({ slices: [aSlice()], previous: { conditions: before } });
    expect(conditionOf(same, 'Ready')).toMatchObject({ lastTransitionTime: EARLIER, observedGeneration: 3 });
    const changed = statusOf({ slices: [], previous: { conditions: before } });
    expect(conditionOf(changed, 'Ready')?.lastTransitionTime).toBe('2026-03-01T12:00:00Z');
  });
});

describe('condition ChildServiceReady', () => {
  it.each<{ name: string; child: ChildState; want: readonly string[] }>([
    {
      name: 'a Service in sync',
      child: IN_SYNC,
      want: ['True', 'ChildServiceWasCreated', 'Service was created successfully'],
    },
    {
      name: 'a Service in sync after an error that is over',
      child: { ...IN_SYNC, error: 'old' },
      want: ['True', 'ChildServiceWasCreated', 'Service was created successfully'],
    },
    {
      name: 'a refused write',
      child: { decision: { kind: 'update', patch: {} }, error: 'spec.type: Unsupported value' },
      want: ['False', 'ChildServiceWasNotCreated', 'spec.type: Unsupported value'],
    },
    {
      name: 'a conflict, which outranks an error',
      child: { decision: { kind: 'conflict', message: 'somebody else’s' }, error: 'old' },
      want: ['False', 'ChildServiceConflict', 'somebody else’s'],
    },
    {
      name: 'an address that cannot change',
      child: { decision: { kind: 'clusterIpImmutable', message: 'cannot change' } },
      want: ['False', 'ChildServiceClusterIPImmutable', 'cannot change'],
    },
    {
      name: 'a Service that is being deleted',
      child: { decision: { kind: 'waiting', message: 'is being deleted' } },
      want: ['False', 'ChildServiceWasNotCreated', 'is being deleted'],
    },
  ])('tells $name', ({ child, want }) => {
    const condition = conditionOf(statusOf({ child }), 'ChildServiceReady');
    expect([condition?.status, condition?.reason, condition?.message]).toEqual(want);
  });

  it('stays while a creation is under way, and loses its old name', () => {
    const previous = {
      conditions: [aCondition({ type: 'ChildServiceReady' }), aCondition({ type: 'ChildService' })],
    };
    const child: ChildState = {
      decision: { kind: 'create', service: { metadata: { name: 'web' }, spec: {} } },
    };
    const status = statusOf({ child, previous });
    expect(status.conditions?.map(({ type }) => type)).toEqual(['Accepted', 'ChildServiceReady', 'Ready']);
  });
});

describe('a rejected object', () => {
  const rejected: StatusInput = deepFreeze({
    ...input({
      slices: [aSlice()],
      previous: {
        conditions: [aCondition({ type: 'ChildServiceReady' }), aCondition({ type: 'FailOpen' })],
        clusterIP: '10.96.0.7',
      },
    }),
    parsed: {
      kind: 'rejected',
      violations: [
        { path: 'spec.type', message: 'write a type' },
        { path: 'spec.ports', message: 'write a port' },
      ],
    },
  });

  it('lists all violations and keeps what was said before', () => {
    const status = aggregateStatus(rejected);
    expect(conditionOf(status, 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'InvalidSpec',
      message: 'spec.type: write a type; spec.ports: write a port',
      observedGeneration: 3,
    });
    expect(status.conditions?.map(({ type }) => type)).toEqual([
      'Accepted',
      'ChildServiceReady',
      'FailOpen',
      'Ready',
    ]);
    expect(status).toMatchObject({ clusterIP: '10.96.0.7', endpoints: '1/1' });
  });
});

describe('condition FailOpen', () => {
  const lastKnown = aHealthcheck({ failOpen: { type: 'LastKnown' } });
  const minimum = aHealthcheck({ failOpen: { type: 'MinimumReady', minimum: 2 } });
  /** Published as ready by the policy although its probes fail. */
  const heldUp = probedSlice([up('a'), up('b')], { a: refused, b: refused });
  const oneUp = probedSlice([up('a'), up('b')], { a: {}, b: refused });

  it.each([
    { name: 'no policy', healthcheck: aHealthcheck(), slices: [heldUp], want: undefined },
    { name: 'none up under LastKnown', healthcheck: lastKnown, slices: [heldUp], want: 'True' },
    { name: 'one up under LastKnown', healthcheck: lastKnown, slices: [oneUp], want: 'False' },
    { name: 'no endpoints at all', healthcheck: lastKnown, slices: [], want: 'False' },
    { name: 'one up of a minimum of two', healthcheck: minimum, slices: [oneUp], want: 'True' },
    {
      name: 'two up of a minimum of two',
      healthcheck: minimum,
      slices: [probedSlice([up('a'), up('b'), down('c')], { a: {}, b: {}, c: refused })],
      want: 'False',
    },
    {
      name: 'one of two up on a lost node',
      healthcheck: minimum,
      slices: [probedSlice([up('a'), down('b')], { a: {}, b: {} })],
      want: 'True',
    },
    { name: 'no probes', healthcheck: { ...minimum, probes: [] }, slices: [aSlice()], want: undefined },
  ])('with $name is $want', ({ healthcheck, slices, want }) => {
    expect(conditionOf(statusOf({ swh: { healthcheck }, slices }), 'FailOpen')?.status).toBe(want);
  });

  it('goes when the policy goes', () => {
    const previous = { conditions: [aCondition({ type: 'FailOpen' })] };
    expect(conditionOf(statusOf({ previous }), 'FailOpen')).toBeUndefined();
  });
});

describe('condition FieldsKnown', () => {
  const owned = (spec: object): Service => ({
    metadata: {
      name: 'web',
      ownerReferences: [
        {
          apiVersion: 'network.deckhouse.io/v1alpha1',
          kind: 'ServiceWithHealthchecks',
          name: 'web',
          uid: 'uid-web',
          controller: true,
        },
      ],
    },
    // As a newer API server sends it.
    spec: spec as Service['spec'],
  });
  const messageOf = (given: Given) => conditionOf(statusOf(given), 'FieldsKnown')?.message;

  it.each<{ name: string; given: Given; want: string | undefined }>([
    { name: 'nothing', given: { service: owned({ type: 'ClusterIP' }) }, want: undefined },
    {
      name: 'what the Service has beyond',
      given: { service: owned({ futureField: 1, ports: [{ port: 80, futureMode: 1 }] }) },
      want: 'of the Service, kept as they are and not managed: spec.futureField, spec.ports[].futureMode',
    },
    {
      name: 'what the manifest has lost',
      given: { lostFields: ['spec.a', 'spec.b'] },
      want: 'of the manifest applied last, without effect because the API server has removed them: spec.a, spec.b',
    },
    {
      name: 'nothing of a Service that is somebody else’s',
      given: { service: { metadata: { name: 'web' }, spec: owned({ futureField: 1 }).spec } },
      want: undefined,
    },
  ])('names $name', ({ given, want }) => {
    expect(messageOf(given)).toBe(want && `this version does not know these fields: ${want}`);
  });

  it('goes with the last of them, of a rejected object too', () => {
    const previous = statusOf({ lostFields: ['spec.a'] });
    expect(conditionOf(previous, 'FieldsKnown')).toMatchObject({ status: 'False', reason: 'UnknownFields' });
    expect(conditionOf(statusOf({ previous }), 'FieldsKnown')).toBeUndefined();
    const rejected: StatusInput = { ...input({ previous }), parsed: { kind: 'rejected', violations: [] } };
    expect(conditionOf(aggregateStatus(rejected), 'FieldsKnown')).toBeUndefined();
  });
});

describe('endpointStatuses', () => {
  it('names what fails and why', () => {
    const slices = [probedSlice([down('b', { nodeName: 'n2' }), up('a')], { a: {}, b: refused })];
    expect(statusOf({ slices })).toMatchObject({
      endpoints: '1/2',
      healthcheckCondition: { observedGeneration: 3, endpoints: 2, readyEndpoints: 1 },
      endpointStatuses: [
        { podName: 'a', nodeName: 'node-1', ready: true, probesSuccessful: true },
        {
          podName: 'b',
          nodeName: 'n2',
          ready: false,
          probesSuccessful: false,
          failedProbes: ['http:10.1.0.2:8080'],
          message: 'HTTP GET / on 8080 returned 503',
          lastTransitionTime: '2026-03-01T12:00:00Z',
        },
      ],
    });
    expect(statusOf({ slices }).endpointStatuses?.[0]).not.toHaveProperty('message');
  });

  it.each([
    { name: 'a pod that is not ready itself', endpoint: down('a'), verdict: {}, want: 'not ready' },
    {
      name: 'a terminating pod',
      endpoint: up('a', { conditions: { ready: false, serving: true, terminating: true } }),
      verdict: {},
      want: 'terminating',
    },
    {
      name: 'a pod not probed yet',
      endpoint: down('a'),
      verdict: { isUp: false },
      want: 'no probe has passed yet',
    },
  ])('gives the reason of $name', ({ endpoint, verdict, want }) => {
    const [status] = statusOf({ slices: [probedSlice([endpoint], { a: verdict })] }).endpointStatuses ?? [];
    expect(status?.message).toContain(want);
  });

  it('has one entry for both families of a pod: ready only if both are', () => {
    const slices = [
      probedSlice([up('a')], { a: {} }),
      probedSlice([down('a', { address: 'fd00::1' })], { a: refused }, { name: 'v6', addressType: 'IPv6' }),
    ];
    expect(statusOf({ slices })).toMatchObject({
      endpoints: '0/1',
      endpointStatuses: [{ podName: 'a', ready: false, failedProbes: ['http:10.1.0.2:8080'] }],
    });
  });

  it('names a pod that no slice may hold, which counts as an endpoint that is not ready', () => {
    const reason = 'no EndpointSlice may hold the loopback address 127.0.0.1 of the pod';
    const text = encodeRefusedEndpoints([{ podName: 'b', uid: 'uid-b', nodeName: 'node-1', reason }]);
    const annotations = { [REFUSED_ENDPOINTS_ANNOTATION]: text };
    const ofOtherFamily = aSlice({ name: 'web-6', endpoints: [up('b', { address: 'fd00::2' })] });
    for (const slices of [
      [aSlice({ endpoints: [up('a')], annotations })],
      [ofOtherFamily, aSlice({ endpoints: [up('a')], annotations })],
    ]) {
      const status = statusOf({ slices });
      expect(
        status.endpointStatuses?.map(({ podName, ready, message }) => [podName, ready, message]),
      ).toEqual([
        ['a', true, undefined],
        ['b', false, reason],
      ]);
      expect(status.endpoints).toBe('1/2');
    }
  });

  it('shows the living one of two pods of one name', () => {
    const dead = aSlice({ name: 'dead', endpoints: [down('db-0', { podUid: 'old', nodeName: 'dead' })] });
    const alive = aSlice({ name: 'alive', endpoints: [up('db-0', { podUid: 'new', nodeName: 'alive' })] });
    for (const slices of [
      [dead, alive],
      [alive, dead],
    ]) {
      expect(statusOf({ slices })).toMatchObject({
        endpointStatuses: [{ podName: 'db-0', nodeName: 'alive' }],
      });
    }
  });

  it('ignores the verdict on an earlier pod of the same name', () => {
    const slices = [probedSlice([up('a', { podUid: 'other' })], { a: refused })];
    expect(statusOf({ slices }).endpointStatuses?.[0]).not.toHaveProperty('failedProbes');
  });

  it('keeps the transition time while readiness stays', () => {
    const endpointStatuses = [
      { podName: 'a', ready: true, probesSuccessful: true, lastTransitionTime: EARLIER },
      { podName: 'b', ready: true, probesSuccessful: true, lastTransitionTime: EARLIER },
    ];
    const slices = [aSlice({ endpoints: [up('a'), down('b')] })];
    const times = statusOf({ slices, previous: { endpointStatuses } }).endpointStatuses;
    expect(times?.map((one) => one.lastTransitionTime)).toEqual([EARLIER, '2026-03-01T12:00:00Z']);
  });

  it('shows at most 1000, the failing ones first, and counts all', () => {
    const endpoints = Array.from({ length: 1002 }, (_, index) => up(`p${String(index).padStart(4, '0')}`));
    const slices = [aSlice({ endpoints: [...endpoints, down('zz')] })];
    const status = statusOf({ slices });
    expect(status.endpoints).toBe('1002/1003');
    expect(status.endpointStatuses).toHaveLength(1000);
    expect(status.endpointStatuses?.at(-1)?.podName).toBe('zz');
  });
});

describe('what is observed of the child', () => {
  const service = (given: Partial<Service['spec']>, controllerUid = 'uid-web'): Service => ({
    metadata: {
      namespace: 'default',
      name: 'web',
      ownerReferences: [{ apiVersion: 'x/v1', kind: 'X', name: 'web', uid: controllerUid, controller: true }],
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.7',
      clusterIPs: ['10.96.0.7'],
      ipFamilies: ['IPv4'],
      ...given,
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  });

  it('is mirrored', () => {
    expect(statusOf({ service: service({}) })).toMatchObject({
      clusterIP: '10.96.0.7',
      clusterIPs: ['10.96.0.7'],
      ipFamilies: ['IPv4'],
      loadBalancer: { ingress: [{ ip: '192.0.2.1' }] },
    });
  });

  it.each([
    {
      name: 'the load balancer of another type',
      given: service({ type: 'ClusterIP' }),
      fields: ['loadBalancer'],
    },
    {
      name: 'everything of a foreign Service',
      given: service({}, 'other'),
      fields: ['loadBalancer', 'clusterIP', 'clusterIPs', 'ipFamilies'],
    },
  ])('is cleared: $name', ({ given, fields }) => {
    const previous = { clusterIP: '1', clusterIPs: ['1'], ipFamilies: ['IPv4' as const], loadBalancer: {} };
    const next = statusOf({ service: given, previous });
    const patch = statusPatch(previous, next) ?? {};
    for (const field of fields) expect(patch[field]).toBeNull();
  });
});

describe('statusPatch', () => {
  it('is empty after itself', () => {
    const given = { slices: [probedSlice([down('b'), up('a')], { a: {}, b: refused })] };
    const first = statusOf(given);
    expect(statusPatch({}, first)).toEqual({ ...first });
    const later = aggregateStatus({ ...input({ ...given, previous: first }), now: new Date('2027-01-01') });
    expect(statusPatch(first, later)).toBeUndefined();
  });

  it('replaces only the fields that differ, and these whole', () => {
    const first = statusOf({ slices: [aSlice({ endpoints: [up('a')] })] });
    const second = statusOf({ slices: [aSlice({ endpoints: [up('a'), up('b')] })], previous: first });
    expect(Object.keys(statusPatch(first, second) ?? {}).sort()).toEqual([
      'conditions',
      'endpointStatuses',
      'endpoints',
      'healthcheckCondition',
    ]);
  });
});
