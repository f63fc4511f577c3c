import { describe, expect, it } from 'vitest';
import type { UncheckedServiceWithHealthchecks } from '#lib/kube/resources.ts';
import { slimSwh } from '../../../../images/agent/src/slim-swh.ts';
import { SwhStore } from '../../../../images/agent/src/swh-store.ts';
import { aPod } from '../../../support/builders.ts';

const KEY = 'default/web';
const SPEC = {
  selector: { app: 'web' },
  ports: [{ port: 80, targetPort: 8080 }],
  healthcheck: { probes: [{ mode: 'TCP', tcp: { targetPort: 8080 } }] },
};
const REJECTED_SPEC = { ...SPEC, healthcheck: { probes: [{ mode: 'TCP' }] } };

interface Given {
  readonly metadata?: Partial<UncheckedServiceWithHealthchecks['metadata']>;
  readonly spec?: unknown;
  readonly status?: unknown;
}

function rawSwh({ metadata, spec = SPEC, status }: Given = {}): UncheckedServiceWithHealthchecks {
  return slimSwh({
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: {
      namespace: 'default',
      name: 'web',
      uid: 'u1',
      generation: 1,
      resourceVersion: '1',
      ...metadata,
    },
    spec,
    status,
  });
}

/** A store that has seen the object, and what it said about the change that followed. */
function changed(before: Given, next: Given): { store: SwhStore; isRelevant: boolean } {
  const store = new SwhStore();
  const [previous, current] = [rawSwh(before), rawSwh(next)];
  store.take({ key: KEY, previous: undefined, current: previous });
  return { store, isRelevant: store.take({ key: KEY, previous, current }) };
}

const condition = (type: string, status: string, message = '') => ({
  conditions: [{ type, status, reason: 'R', message, lastTransitionTime: message }],
});

describe('which changes matter', () => {
  const cases: readonly { name: string; before?: Given; after: Given; want: boolean }[] = [
    { name: 'a new generation', after: { metadata: { generation: 2 } }, want: true },
    { name: 'labels', after: { metadata: { labels: { a: 'b' } } }, want: true },
    { name: 'deletion', after: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }, want: true },
    { name: 'another object of the name', after: { metadata: { uid: 'u2' } }, want: true },
    { name: 'families of the Service', after: { status: { ipFamilies: ['IPv6'] } }, want: true },
    {
      name: 'readiness of the Service',
      after: { status: condition('ChildServiceReady', 'True') },
      want: true,
    },
    { name: 'fail-open in force', after: { status: condition('FailOpen', 'True') }, want: true },
    {
      name: 'not the message of a condition',
      before: { status: condition('FailOpen', 'True', '1 of 3') },
      after: { status: condition('FailOpen', 'True', '0 of 3') },
      want: false,
    },
    { name: 'not other conditions', after: { status: condition('Ready', 'True') }, want: false },
    {
      name: 'not counts and endpoint statuses',
      after: { metadata: { resourceVersion: '2' }, status: { endpointsCount: 3, endpointStatuses: [{}] } },
      want: false,
    },
    { name: 'not annotations', after: { metadata: { annotations: { a: 'b' } } }, want: false },
  ];
  it.each(cases)('$name', ({ before = {}, after: next, want }) => {
    expect(changed(before, next).isRelevant).toBe(want);
  });
});

describe('a rejected object', () => {
  it('goes on with the last accepted spec', () => {
    const { store } = changed({}, { metadata: { generation: 2 }, spec: REJECTED_SPEC });
    expect(store.get(KEY)).toMatchObject({ kind: 'accepted', swh: { generation: 1 } });
  });

  it('still hears what the controller says', () => {
    const next = { metadata: { generation: 2 }, spec: REJECTED_SPEC, status: { ipFamilies: ['IPv6'] } };
    expect(changed({}, next).store.get(KEY)).toMatchObject({ swh: { observed: { ipFamilies: ['IPv6'] } } });
  });

  it('is rejected when no accepted spec has been seen', () => {
    const { store } = changed({ spec: REJECTED_SPEC }, { spec: REJECTED_SPEC });
    expect(store.get(KEY)).toEqual({ kind: 'rejected', uid: 'u1' });
  });

  it('does not go on with the spec of a namesake', () => {
    const { store } = changed({}, { metadata: { uid: 'u2' }, spec: REJECTED_SPEC });
    expect(store.get(KEY)).toEqual({ kind: 'rejected', uid: 'u2' });
  });
});

describe('keysSelecting', () => {
  const store = new SwhStore();
  store.take({ key: KEY, previous: undefined, current: rawSwh() });
  const cases = [
    { name: 'finds the object that selects the pod', pod: aPod(), want: [KEY] },
    { name: 'leaves out one that does not', pod: aPod({ labels: { app: 'db' } }), want: [] },
    { name: 'leaves out other namespaces', pod: aPod({ namespace: 'other' }), want: [] },
  ];
  it.each(cases)('$name', ({ pod, want }) => {
    expect(store.keysSelecting(pod)).toEqual(want);
  });

  it('forgets a deleted object', () => {
    const gone = new SwhStore();
    const previous = rawSwh();
    gone.take({ key: KEY, previous: undefined, current: previous });
    gone.take({ key: KEY, previous, current: undefined });
    expect([gone.get(KEY), gone.keysSelecting(aPod())]).toEqual([undefined, []]);
  });
});
