import { describe, expect, it } from 'vitest';
import type { ObjectMeta } from '#lib/core/kubernetes.ts';
import {
  CHILD_LABEL,
  desiredChildMetadata,
  metadataPatch,
  releasedMetadata,
} from '#lib/core/service/child-service-metadata.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { anSwh } from '../../../../support/builders.ts';
import { mergePatch } from '../../../../support/service-defaulting.ts';

const LABELS = { 'app.kubernetes.io/managed-by': 'Helm' };
const marksOf = (release: string) => ({
  'meta.helm.sh/release-name': release,
  'meta.helm.sh/release-namespace': 'default',
});
const KEEP = { 'helm.sh/resource-policy': 'keep' };

function inRelease(release: string, more: Partial<ServiceWithHealthchecks> = {}): ServiceWithHealthchecks {
  return { ...anSwh(), labels: LABELS, annotations: marksOf(release), ...more };
}

/** The metadata of the Service after one reconcile; a second one must find nothing to do. */
function settled(swh: ServiceWithHealthchecks, before: Partial<ObjectMeta> = {}): ObjectMeta {
  const current: ObjectMeta = { name: 'web', ...before };
  const patch = metadataPatch(desiredChildMetadata(swh, current), current);
  // A merge patch of metadata gives metadata.
  const next = mergePatch(current, patch ?? {}) as ObjectMeta;
  expect(metadataPatch(desiredChildMetadata(swh, next), next)).toBeUndefined();
  return next;
}

describe('metadata of a child in a Helm release', () => {
  it('says nothing of the release of an object that takes its Service along', () => {
    const { labels, annotations } = settled(inRelease('shop'));
    expect(labels).toEqual({ [CHILD_LABEL]: 'web', heritage: 'deckhouse' });
    expect(annotations ?? {}).toEqual({});
  });

  it('passes into the release of an object that it outlives, and out of it again', () => {
    const retained = settled(inRelease('shop', { deletionPolicy: 'Retain' }));
    expect(retained.labels).toEqual({ ...LABELS, [CHILD_LABEL]: 'web' });
    expect(retained.annotations).toMatchObject(marksOf('shop'));
    expect(retained.annotations).not.toMatchObject(KEEP);
    const deleted = settled(inRelease('shop'), retained);
    expect(deleted.labels).toEqual({ [CHILD_LABEL]: 'web', heritage: 'deckhouse' });
    expect(Object.keys(deleted.annotations ?? {})).toEqual([]);
  });

  it('stays in the release that it was in, and is not to be deleted with it', () => {
    const before = { labels: { ...LABELS, tier: 'a' }, annotations: marksOf('old') };
    for (const deletionPolicy of ['Delete', 'Retain'] as const) {
      const after = settled(inRelease('new', { deletionPolicy }), before);
      expect(after.annotations).toMatchObject({ ...marksOf('old'), ...KEEP });
      expect(after.labels).toMatchObject(before.labels);
    }
  });

  it('is an ordinary Service of the release when it was given back', () => {
    const child = settled(inRelease('shop', { deletionPolicy: 'Retain' }), { annotations: marksOf('shop') });
    // A merge patch of metadata gives metadata.
    const free = mergePatch(child, releasedMetadata(child)) as ObjectMeta;
    expect(free).toMatchObject({ annotations: marksOf('shop'), ownerReferences: [] });
    expect(free.annotations).not.toMatchObject(KEEP);
    expect(free.labels).not.toHaveProperty([CHILD_LABEL]);
  });
});

describe('the heritage label, which forbids users to change an object', () => {
  const TAKEN = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  it.each([
    { name: 'is on a Service that we made', labels: {}, retain: false, want: 'deckhouse' },
    { name: 'is not on one that was taken over', labels: TAKEN, retain: false, want: undefined },
    {
      name: 'goes from one that was taken over',
      labels: { ...TAKEN, heritage: 'deckhouse' },
      retain: false,
      want: undefined,
    },
    { name: 'is not on one that stays', labels: { heritage: 'deckhouse' }, retain: true, want: undefined },
  ])('$name', ({ labels, retain, want }) => {
    const swh = { ...anSwh(), deletionPolicy: retain ? 'Retain' : 'Delete' } as const;
    expect(settled(swh, { labels }).labels?.['heritage']).toBe(want);
  });
});
