import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HAND_OVER_FINALIZER } from '#lib/core/service/hand-over.ts';
import { ENDPOINTS, SERVICES, SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import { aPod } from '../../../../support/builders.ts';
import { aResource } from '../../../../support/hook-world.ts';
import { consumersView, type ModelPod, TakeOverModel } from '../../../../support/take-over-model.ts';
import {
  ONE_OF_TWO,
  OTHERS,
  PARTS,
  plainService,
  play,
  rounds,
  SPEC,
  schedule,
  somePods,
  TURN_MS,
  type Turn,
} from '../../../../support/take-over-play.ts';

describe('a take-over', () => {
  it('never leaves consumers without an endpoint or with two words about one, whenever the controller dies', async () => {
    await fc.assert(
      fc.asyncProperty(somePods, schedule, async (given, turns) => {
        const model = new TakeOverModel(given);
        model.put(SERVICES, plainService());
        model.standard();
        const { clusterIP } = model.find(SERVICES)?.spec ?? {};
        model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
        await play(model, turns, () => {
          const { ready, disagreements } = consumersView(model.slices());
          expect(disagreements).toEqual([]);
          expect(ready).not.toEqual([]);
        });
        const service = model.find(SERVICES);
        expect(service?.spec).toMatchObject({ clusterIP });
        expect(service?.spec.selector).toBeUndefined();
        expect(service?.metadata.ownerReferences).toMatchObject([{ name: 'web', controller: true }]);
        expect(model.find(ENDPOINTS)).toBeUndefined();
        expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
        expect(consumersView(model.slices()).ready).toEqual(healthy(given));
        expect(model.find(SERVICES_WITH_HEALTHCHECKS)).toMatchObject({
          status: {
            conditions: expect.arrayContaining([
              expect.objectContaining({ reason: 'ChildServiceWasCreated' }),
            ]),
          },
        });
      }),
      { numRuns: 150 },
    );
  });

  it('dies after each of its writes in turn and is finished by the next', async () => {
    for (let lives = 0; lives < 16; lives += 1) {
      const model = new TakeOverModel(ONE_OF_TWO);
      model.put(SERVICES, plainService());
      model.standard();
      model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
      const dying = PARTS.map((actor): Turn => ({ actor, diesAfter: 1 }));
      const round = [...OTHERS.map((actor): Turn => ({ actor })), ...dying];
      await play(model, rounds(lives, round), () => {
        const { ready, disagreements } = consumersView(model.slices());
        expect(ready).toContain('10.1.0.1');
        expect(disagreements).toEqual([]);
      });
      expect(consumersView(model.slices()).ready).toEqual(['10.1.0.1']);
      expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
      expect(model.find(ENDPOINTS)).toBeUndefined();
    }
  });

  it('removes what a standard controller writes after the Service was claimed', async () => {
    const model = new TakeOverModel([{ pod: aPod(), passes: true }]);
    model.put(SERVICES, plainService());
    model.standard();
    model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
    let isLate = false;
    await play(model, rounds(10), () => {
      const service = model.find(SERVICES);
      if (isLate || service?.spec.selector !== undefined || service === undefined) return;
      isLate = true;
      // From the informer of a standard controller, which has not heard yet.
      model.put(SERVICES, { ...service, spec: { ...service.spec, selector: { app: 'web' } } });
      model.standard();
      model.put(SERVICES, service);
    });
    expect(isLate).toBe(true);
    expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
    expect(model.find(ENDPOINTS)).toBeUndefined();
  });

  it('removes what a standard controller writes late of a selector that somebody set on the child', async () => {
    const model = new TakeOverModel(ONE_OF_TWO);
    model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
    let [turns, restMs] = [0, 0];
    await play(model, rounds(30), () => {
      const service = model.find(SERVICES);
      turns += 1;
      if (service === undefined || turns < 100) return;
      if (turns === 100) {
        expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
        model.put(SERVICES, { ...service, spec: { ...service.spec, selector: { app: 'web' } } });
      } else if (service.spec.selector === undefined) {
        restMs += TURN_MS;
        // From its informer, long after our controller has looked.
        if (restMs === 2_000) {
          model.standard({ ...service, spec: { ...service.spec, selector: { app: 'web' } } });
        }
      }
    });
    expect(restMs).toBeGreaterThan(2_000);
    expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
    expect(model.find(ENDPOINTS)).toBeUndefined();
  });

  it('waits while no pod passes, and says so', async () => {
    const model = new TakeOverModel([{ pod: aPod(), passes: false }]);
    model.put(SERVICES, plainService());
    model.standard();
    model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: SPEC }));
    await play(model, [], () => expect(consumersView(model.slices()).ready).toEqual(['10.1.0.1']));
    expect(model.find(SERVICES)?.spec.selector).toEqual({ app: 'web' });
    expect(JSON.stringify(model.find(SERVICES_WITH_HEALTHCHECKS))).toContain('no endpoint passes its probes');
  });

  it('goes on with AdoptAlways though no pod passes', async () => {
    const model = new TakeOverModel([{ pod: aPod(), passes: false }]);
    model.put(SERVICES, plainService());
    model.standard();
    const spec = { ...SPEC, adoptionPolicy: 'AdoptAlways' };
    model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec }));
    await play(model, [], () => expect(consumersView(model.slices()).disagreements).toEqual([]));
    expect(consumersView(model.slices()).ready).toEqual([]);
    expect(managersOf(model)).toEqual(['servicewithhealthchecks']);
  });
});

describe('giving back', () => {
  it('never leaves consumers without an endpoint or with two words about one, whenever the controller dies', async () => {
    await fc.assert(
      fc.asyncProperty(somePods, schedule, async (given, turns) => {
        const model = new TakeOverModel(given);
        const spec = { ...SPEC, deletionPolicy: 'Retain' };
        model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec }));
        await play(model, [], () => {});
        const object = model.find(SERVICES_WITH_HEALTHCHECKS);
        if (object === undefined) throw new Error('the object is gone');
        expect(object.metadata.finalizers).toEqual([HAND_OVER_FINALIZER]);
        const metadata = { ...object.metadata, deletionTimestamp: '2026-01-01T02:00:00Z' };
        model.put(SERVICES_WITH_HEALTHCHECKS, { ...object, metadata });
        await play(model, turns, () => {
          const { ready, disagreements } = consumersView(model.slices());
          expect(disagreements).toEqual([]);
          expect(ready).not.toEqual([]);
        });
        expect(model.find(SERVICES_WITH_HEALTHCHECKS)).toBeUndefined();
        const service = model.find(SERVICES);
        expect(service?.spec.selector).toEqual({ app: 'web' });
        expect(service?.metadata.ownerReferences).toEqual([]);
        expect(service?.metadata.labels).toEqual({});
        expect(managersOf(model)).toEqual(['endpointslice-controller.k8s.io']);
      }),
      { numRuns: 100 },
    );
  });
});

function managersOf(model: TakeOverModel): readonly (string | undefined)[] {
  return [
    ...new Set(
      model.slices().map(({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by']),
    ),
  ];
}

function healthy(pods: readonly ModelPod[]): readonly string[] {
  return pods.flatMap(({ pod, passes }) => {
    const isServing = pod.status?.containerStatuses?.every(({ ready }) => ready) === true;
    return passes && isServing ? [pod.status?.podIP ?? ''] : [];
  });
}
