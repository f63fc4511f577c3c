import { expect, test } from 'vitest';
import type { KubernetesEvent, KubernetesObject } from '#lib/core/kubernetes.ts';
import { createEventRecorder, type RecordedEvent } from '#lib/kube/event-recorder.ts';
import { KubeApiError } from '#lib/kube/kube-error.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { ScriptedKubeApi } from '../../../support/scripted-kube-api.ts';

const object = {
  apiVersion: 'network.deckhouse.io/v1alpha1',
  kind: 'ServiceWithHealthchecks',
  metadata: { namespace: 'a', name: 'b', uid: 'u' },
} satisfies KubernetesObject;
const event = (note: string): RecordedEvent => ({
  type: 'Normal',
  reason: 'EndpointReady',
  action: 'Probe',
  note,
});

function aRecorder() {
  const clock = new FakeClock();
  const api = new ScriptedKubeApi();
  const lines: string[] = [];
  const recorder = createEventRecorder({
    api,
    clock,
    logger: createJsonLogger({ level: 'info', clock, write: (line) => lines.push(line) }),
    controller: 'network.deckhouse.io/controller',
    instance: 'controller-0',
  });
  return { clock, api, recorder, lines };
}

test('an event has the form of events.k8s.io/v1 and lives beside its object', () => {
  const { api, recorder } = aRecorder();
  recorder.record(object, event('pod x is ready'));
  expect(api.created).toEqual([
    {
      metadata: { namespace: 'a', name: expect.stringMatching(/^b\.[0-9a-f]+$/) },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'network.deckhouse.io/controller',
      reportingInstance: 'controller-0',
      type: 'Normal',
      reason: 'EndpointReady',
      action: 'Probe',
      note: 'pod x is ready',
      regarding: { ...object.metadata, apiVersion: object.apiVersion, kind: object.kind },
    } satisfies KubernetesEvent,
  ]);
});

test('the same sentence is repeated only after ten minutes', async () => {
  const { api, clock, recorder } = aRecorder();
  recorder.record(object, event('x'));
  recorder.record(object, event('x'));
  recorder.record(object, event('y'));
  await clock.advance(599_999);
  recorder.record(object, event('x'));
  expect(api.created).toHaveLength(2);
  await clock.advance(1);
  recorder.record(object, event('x'));
  expect(api.created).toHaveLength(3);
});

test('a storm is cut to fifty events and one a second', async () => {
  const { api, clock, recorder } = aRecorder();
  for (let index = 0; index < 500; index++) recorder.record(object, event(`n${index}`));
  expect(api.created).toHaveLength(50);
  await clock.advance(2_000);
  for (let index = 500; index < 510; index++) recorder.record(object, event(`n${index}`));
  expect(api.created).toHaveLength(52);
  expect(new Set(api.created.map(({ metadata }) => metadata.name)).size).toBe(52);
});

test('an event that cannot be written is a line in the log', async () => {
  const { api, clock, recorder, lines } = aRecorder();
  api.failCreate = new Error('no');
  recorder.record(object, event('x'));
  await clock.advance(0);
  expect(lines).toHaveLength(1);
});

test('an event of a namespace that is being deleted is not missed', async () => {
  const { api, clock, recorder, lines } = aRecorder();
  api.failCreate = new KubeApiError('create Event a/b: 403 forbidden', {
    ...{ status: 403, reason: 'Forbidden', causes: ['NamespaceTerminating'] },
  });
  recorder.record(object, event('x'));
  await clock.advance(0);
  expect(lines).toHaveLength(0);
});
