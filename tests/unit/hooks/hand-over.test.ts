import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { HAND_OVER_FINALIZER } from '#lib/core/service/hand-over.ts';
import { handOver } from '../../../hooks/hand-over.ts';
import { handOverLeftovers } from '../../../hooks/hand-over-leftovers.ts';
import { PROBE_SECRETS } from '../../../hooks/probe-secret-access.ts';
import { MODULE_HOOKS } from '../../../hooks/registry.ts';
import { aSlice } from '../../support/builders.ts';
import { aResource } from '../../support/hook-world.ts';

const now = new Date('2026-01-01T00:01:00Z');

/** An object whose Service is at a step of the hand-over since some seconds. */
function anObject(
  reason: string | undefined,
  sinceSeconds = 0,
  finalizers: readonly string[] = [],
): KubernetesObject {
  const object = aResource();
  const lastTransitionTime = new Date(now.getTime() - sinceSeconds * 1000).toISOString();
  const child = { type: 'ChildServiceReady', status: 'False', reason, message: '', lastTransitionTime };
  const status = { conditions: reason === undefined ? [] : [child] };
  return { ...object, metadata: { ...object.metadata, finalizers }, ...{ status } };
}

const slice = aSlice({ swhUid: 'uid-web' });
const role = { metadata: { namespace: 'default', name: PROBE_SECRETS } };

/** What the hook writes, in a word for each operation. */
function run(
  objects: readonly KubernetesObject[],
  access: readonly KubernetesObject[] = [],
): readonly string[] {
  const snapshots = { objects, slices: [slice], roles: access, 'role-bindings': access };
  return handOverLeftovers.run({ snapshots, values: {}, now }).operations.map((operation) => {
    const { operation: verb } = operation;
    const [kind, text] = 'object' in operation ? ['', ''] : [operation.kind, JSON.stringify(operation)];
    const what = ['error(', 'HandedOver', 'HandingOver', 'finalizers'].find((one) => text.includes(one));
    return [verb, kind, what].filter(Boolean).join(' ');
  });
}

const RELEASE = 'JQPatch Service';
const FAIL = 'JQPatch ServiceWithHealthchecks error(';
const WITHDRAW = 'DeleteInBackground EndpointSlice';

describe('handOverLeftovers', () => {
  it.each([
    { name: 'nothing where nothing is left', objects: [], want: [] },
    {
      name: 'a Service that is still ours is released, and the run comes back',
      objects: [anObject('ChildServiceReady')],
      want: [RELEASE, 'MergePatch ServiceWithHealthchecks HandingOver', FAIL],
    },
    {
      name: 'the same where the object has no status yet',
      objects: [anObject(undefined)],
      want: [RELEASE, 'MergePatch ServiceWithHealthchecks HandingOver', FAIL],
    },
    {
      name: 'the standard controllers get their time',
      objects: [anObject('ChildServiceHandingOver', 1)],
      want: [RELEASE, FAIL],
    },
    {
      name: 'then our slices go',
      objects: [anObject('ChildServiceHandingOver', 5)],
      want: [RELEASE, 'MergePatch ServiceWithHealthchecks HandedOver', WITHDRAW],
    },
    {
      name: 'slices that a late agent has made go, and the finalizer with them',
      objects: [anObject('ChildServiceHandedOver', 60, [HAND_OVER_FINALIZER, 'other'])],
      want: [WITHDRAW, 'MergePatch ServiceWithHealthchecks finalizers'],
    },
  ])('$name', ({ objects, want }) => {
    expect(run(objects)).toEqual(want);
  });

  it('withdraws what lets agents read Secrets', () => {
    expect(run([], [role])).toEqual(['DeleteInBackground Role', 'DeleteInBackground RoleBinding']);
  });

  it('names one object and counts the others when it fails', () => {
    const second = { ...anObject(undefined), metadata: { namespace: 'other', name: 'api', uid: 'uid-api' } };
    const snapshots = { objects: [anObject(undefined), second], slices: [], roles: [], 'role-bindings': [] };
    const { operations } = handOverLeftovers.run({ snapshots, values: {}, now });
    expect(JSON.stringify(operations.at(-1))).toContain('default/web and 1 more');
  });
});

describe('handOver', () => {
  it('makes the order and deletes it in one run, whatever the snapshots say', () => {
    const verbs = handOver
      .run({ snapshots: {}, values: {}, now })
      .operations.map(({ operation }) => operation);
    expect(verbs).toEqual(['CreateIfNotExists', 'JQPatch', 'Delete']);
  });
});

it('no hook of the module runs on events: their snapshots are read at moments of the module', () => {
  for (const { kubernetes = [] } of MODULE_HOOKS.map(({ config }) => config)) {
    for (const binding of kubernetes) {
      expect(binding).toMatchObject({ executeHookOnEvent: [], executeHookOnSynchronization: false });
    }
  }
});
