import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Service } from '#lib/core/kubernetes.ts';
import { SERVICES, SERVICES_WITH_HEALTHCHECKS } from '#lib/kube/resources.ts';
import { aResource } from '../../../../support/hook-world.ts';
import { consumersView, TakeOverModel } from '../../../../support/take-over-model.ts';
import {
  ONE_OF_TWO,
  plainService,
  play,
  rounds,
  SPEC,
  schedule,
  somePods,
} from '../../../../support/take-over-play.ts';

const STANDARD = 'endpointslice-controller.k8s.io';
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';

/** Services as users have them: with nothing, with marks of their own, with the mark that a take-over sets too. */
const services: fc.Arbitrary<Service> = fc
  .record({
    labels: fc.constantFrom({}, { team: 'a' }, { [SKIP_MIRROR]: 'true' }, { [SKIP_MIRROR]: 'false' }),
    annotations: fc.constantFrom({}, { note: 'b' }),
  })
  .map(plainService);

/** After how many of the controller's writes something happens; the longest take-over and give-back have fewer. */
const moment = fc.integer({ min: 0, max: 14 });

interface World {
  readonly model: TakeOverModel;
  readonly before: Service;
  /** What the Service is now, without what the API server counts. */
  service(): unknown;
}

function worldOf(
  pods: ConstructorParameters<typeof TakeOverModel>[0],
  service: Service,
  spec: object,
): World {
  const model = new TakeOverModel(pods);
  const before = model.put(SERVICES, service);
  model.standard();
  model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ spec: { ...SPEC, ...spec } }));
  return { model, before, service: () => plain(model.find(SERVICES)) };
}

/** The Service without its version, and without the difference between nothing and an empty list. */
function plain(service: Service | undefined): unknown {
  if (service === undefined) return undefined;
  const { resourceVersion: _, labels = {}, annotations = {}, ...metadata } = service.metadata;
  const { ownerReferences = [] } = metadata;
  return { ...service, metadata: { ...metadata, labels, annotations, ownerReferences } };
}

/** Lets something happen after so many writes of the controller; at 0 before the first. */
function happensAfter(model: TakeOverModel, afterWrites: number, happen: () => void): void {
  if (afterWrites === 0) happen();
  else model.event = { afterWrites, happen };
}

function expectNoGap({ model }: World): void {
  const { ready, disagreements } = consumersView(model.slices());
  expect(disagreements).toEqual([]);
  expect(ready).not.toEqual([]);
}

function managersOf(model: TakeOverModel): ReadonlySet<string | undefined> {
  return new Set(
    model.slices().map(({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by']),
  );
}

function expectUntouched({ model, before, service }: World): void {
  expect(service()).toEqual(plain(before));
  expect(managersOf(model)).toEqual(new Set([STANDARD]));
}

describe('an object that is deleted during its take-over', () => {
  it('with policy Delete leaves the Service as it was, or takes it along once it was claimed', async () => {
    const ends = new Set<string>();
    await fc.assert(
      fc.asyncProperty(somePods, services, schedule, moment, async (pods, service, turns, afterWrites) => {
        const world = worldOf(pods, service, {});
        const { model } = world;
        let wasClaimed: boolean | undefined;
        happensAfter(model, afterWrites, () => {
          wasClaimed = (model.find(SERVICES)?.metadata.ownerReferences ?? []).length > 0;
          model.requestDeletion(SERVICES_WITH_HEALTHCHECKS);
        });
        await play(model, turns, () => {
          if (wasClaimed !== true) expectNoGap(world);
        });
        if (wasClaimed === undefined) return;
        ends.add(wasClaimed ? 'taken along' : 'left');
        if (!wasClaimed) {
          expectUntouched(world);
          return;
        }
        expect(world.service()).toBeUndefined();
        expect(model.slices()).toEqual([]);
      }),
      { numRuns: 60 },
    );
    expect(ends).toEqual(new Set(['left', 'taken along']));
  });

  it('with policy Retain leaves the Service as it was, without a gap', async () => {
    await fc.assert(
      fc.asyncProperty(somePods, services, schedule, moment, async (pods, service, turns, afterWrites) => {
        const world = worldOf(pods, service, { deletionPolicy: 'Retain' });
        const { model } = world;
        // The finalizer is there as soon as a controller has seen the object.
        await play(model, [{ actor: 'handOver' }], () => {}, []);
        happensAfter(model, afterWrites + 1, () => model.requestDeletion(SERVICES_WITH_HEALTHCHECKS));
        await play(model, turns, () => expectNoGap(world));
        model.requestDeletion(SERVICES_WITH_HEALTHCHECKS);
        await play(model, [], () => expectNoGap(world));
        expect(model.find(SERVICES_WITH_HEALTHCHECKS)).toBeUndefined();
        expectUntouched(world);
      }),
      { numRuns: 60 },
    );
  });

  it('and does not want the Service any more leaves it as it was', async () => {
    await fc.assert(
      fc.asyncProperty(somePods, services, schedule, moment, async (pods, service, turns, afterWrites) => {
        const world = worldOf(pods, service, {});
        const { model } = world;
        let isRefused = false;
        happensAfter(model, afterWrites, () => {
          const object = model.find(SERVICES_WITH_HEALTHCHECKS);
          isRefused = (model.find(SERVICES)?.metadata.ownerReferences ?? []).length === 0;
          if (object === undefined) return;
          const spec = { ...SPEC, adoptionPolicy: 'Refuse' };
          model.put(SERVICES_WITH_HEALTHCHECKS, { ...object, ...{ spec } });
        });
        await play(model, turns, () => expectNoGap(world));
        if (isRefused) expectUntouched(world);
      }),
      { numRuns: 40 },
    );
  });
});

describe('an object whose Service is being given back', () => {
  /** Lets the object take over, then deletes it; something more happens after so many writes from then on. */
  async function givenBack(
    afterWrites: number,
    turns: Parameters<typeof play>[1],
    happen: (world: World) => void,
  ) {
    const world = worldOf(ONE_OF_TWO, plainService({ labels: { team: 'a' } }), { deletionPolicy: 'Retain' });
    const { model } = world;
    await play(model, rounds(20), () => {});
    model.requestDeletion(SERVICES_WITH_HEALTHCHECKS);
    happensAfter(model, model.writes + afterWrites, () => happen(world));
    return { world, end: () => play(model, turns, () => expectNoGap(world)) };
  }

  it('is given back as a whole though its policy becomes Delete on the way, or goes along with it', async () => {
    const ends = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), schedule, async (afterWrites, turns) => {
        let wasReleased = false;
        const { world, end } = await givenBack(afterWrites, turns, ({ model }) => {
          const object = model.find(SERVICES_WITH_HEALTHCHECKS);
          wasReleased = model.find(SERVICES)?.spec.selector !== undefined;
          if (object !== undefined) model.put(SERVICES_WITH_HEALTHCHECKS, { ...object, ...{ spec: SPEC } });
        });
        await end().catch((error: unknown) => {
          if (wasReleased) throw error;
        });
        ends.add(wasReleased ? 'kept' : 'gone');
        if (!wasReleased) return;
        expect(world.model.find(SERVICES_WITH_HEALTHCHECKS)).toBeUndefined();
        expectUntouched(world);
      }),
      { numRuns: 60 },
    );
    expect(ends).toContain('kept');
  });

  it('can be created again right after, and takes the Service over once more', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async (turns) => {
        const { world, end } = await givenBack(99, turns, () => {});
        const { model } = world;
        await end();
        model.put(SERVICES_WITH_HEALTHCHECKS, aResource({ uid: 'uid-second', spec: SPEC }));
        await play(model, turns, () => expectNoGap(world));
        expect(model.find(SERVICES)?.metadata.ownerReferences).toMatchObject([{ uid: 'uid-second' }]);
        expect(managersOf(model)).toEqual(new Set(['servicewithhealthchecks']));
      }),
      { numRuns: 15 },
    );
  });
});
