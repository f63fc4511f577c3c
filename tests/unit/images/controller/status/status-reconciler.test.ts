import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import { createMetrics } from '#lib/runtime/metrics.ts';
import { childService } from '../../../../../hooks/child-service.ts';
import type { TakeOverState } from '../../../../../images/controller/src/changing-hands/take-over-progress.ts';
import {
  CONTEST_MS,
  type Contest,
} from '../../../../../images/controller/src/child-service/service-contests.ts';
import { createControllerMetrics } from '../../../../../images/controller/src/metrics.ts';
import type { StatusEvent } from '../../../../../images/controller/src/status/endpoint-events.ts';
import { createStatusReconciler } from '../../../../../images/controller/src/status/status-reconciler.ts';
import { anEndpoint, aSlice } from '../../../../support/builders.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';
import { afterOperations, aResource } from '../../../../support/hook-world.ts';
import { MemoryApi } from '../../../../support/memory-api.ts';

const KEY = 'default/web';

/** An object with its child Service, over an API server without a watch: the world is what was written. */
function setUp(given: { readonly hasChild: boolean } = { hasChild: true }) {
  const api = new MemoryApi();
  const clock = new FakeClock();
  const metrics = createMetrics();
  const events: StatusEvent[] = [];
  let object: KubernetesObject = api.seed(SERVICES_WITH_HEALTHCHECKS, aResource());
  const before = { objects: [object], services: [] };
  const after = afterOperations(childService, before, childService.reconcile(before));
  const world = {
    services: given.hasChild ? (after['services'] ?? []) : [],
    slices: [aSlice()] as readonly KubernetesObject[],
    error: undefined as string | undefined,
    takeOver: { kind: 'clear' } as TakeOverState,
    contest: undefined as Contest | undefined,
    isGone: false,
  };
  const reconcile = createStatusReconciler({
    api,
    clock,
    metrics: createControllerMetrics(metrics, { depths: new Map(), nodeEndpoints: () => new Map() }),
    world: {
      snapshotsOf: () => ({
        services: world.services,
        slices: world.slices,
        objects: world.isGone ? [] : [object],
      }),
      childErrorOf: () => world.error,
      takeOverOf: () => world.takeOver,
      firstFamily: () => 'IPv4',
      contestOf: () => world.contest,
      clusterWarnings: () => [],
    },
    noteWrite: (written) => {
      object = written;
    },
    record: (_object, event) => events.push(event),
  });
  const run = () => reconcile(KEY, new AbortController().signal);
  return {
    api,
    clock,
    events,
    metrics,
    world,
    run,
    status: () => ('status' in object ? object.status : undefined),
  };
}

describe('createStatusReconciler', () => {
  it('writes once and then rests', async () => {
    const { api, run, status } = setUp();
    expect(await run()).toEqual({ kind: 'done' });
    expect(await run()).toEqual({ kind: 'done' });
    expect(api.writes).toEqual(['patch ServiceWithHealthchecks default/web']);
    expect(status()).toMatchObject({ endpoints: '1/1' });
  });

  it('tells of a contest until it is long ago, also when the controller that saw it is gone', async () => {
    const { clock, events, run, status, world } = setUp();
    await run();
    world.contest = { at: clock.now(), tool: 'Helm release a/shop' };
    expect(await run()).toEqual({ kind: 'requeueAfter', ms: CONTEST_MS });
    const contested = expect.objectContaining({
      type: 'ChildServiceContested',
      status: 'True',
      reason: 'SelectorWasSet',
      message: expect.stringContaining('Helm release a/shop still deploys the Service'),
    });
    expect(status()).toMatchObject({ conditions: expect.arrayContaining([contested]) });
    expect(events).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'SelectorWasSet' }));
    world.contest = undefined;
    expect(await run()).toEqual({ kind: 'requeueAfter', ms: CONTEST_MS });
    await clock.advance(CONTEST_MS);
    expect(await run()).toEqual({ kind: 'done' });
    expect(JSON.stringify(status())).not.toContain('ChildServiceContested');
  });

  it('writes the first status together with the child Service', async () => {
    const { api, run, world } = setUp({ hasChild: false });
    expect(await run()).toMatchObject({ kind: 'requeueAfter' });
    expect(api.writes).toEqual([]);
    world.error = 'the Service is refused';
    await run();
    expect(api.writes).toHaveLength(1);
  });

  it('gathers changes of endpoints, and shows changed conditions at once', async () => {
    const { api, clock, run, world } = setUp();
    await run();
    await clock.advance(100);
    world.slices = [aSlice({ endpoints: [anEndpoint(), anEndpoint({ podName: 'web-2' })] })];
    expect(await run()).toEqual({ kind: 'requeueAfter', ms: 400 });
    expect(api.writes).toHaveLength(1);
    await clock.advance(400);
    await run();
    expect(api.writes).toHaveLength(2);
    world.slices = [];
    await run();
    expect(api.writes).toHaveLength(3);
  });

  it('ignores slices of an earlier object of the same name', async () => {
    const { run, status, world } = setUp();
    world.slices = [aSlice({ swhUid: 'earlier' })];
    await run();
    expect(status()).toMatchObject({ endpoints: '0/0' });
  });

  it('tells what happened, once', async () => {
    const { events, run, clock, world } = setUp();
    await run();
    world.slices = [aSlice({ endpoints: [anEndpoint({ conditions: { ready: false, serving: false } })] })];
    await clock.advance(1000);
    await run();
    await run();
    expect(events.map(({ reason }) => reason)).toEqual([
      'ChildServiceWasCreated',
      'EndpointReady',
      'NotAllEndpointsAreReady',
      'EndpointNotReady',
    ]);
  });

  it('drops the metrics of an object that is gone', async () => {
    const { run, metrics, world } = setUp();
    await run();
    expect(await metrics.text()).toContain('name="web"');
    world.isGone = true;
    await run();
    expect(await metrics.text()).not.toContain('name="web"');
  });
});
