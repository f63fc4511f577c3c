import { describe, expect, it } from 'vitest';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { withAdoptionPolicy } from '../../../../../images/controller/src/child-service/default-adoption-policy.ts';
import { deepFreeze } from '../../../../support/deep-freeze.ts';
import { aResource } from '../../../../support/hook-world.ts';

const KIND = 'ServiceWithHealthchecks';

describe('withAdoptionPolicy', () => {
  it.each([
    { name: 'fills in what the object does not say', spec: {}, want: 'Refuse' },
    { name: 'keeps what the object says', spec: { adoptionPolicy: 'AdoptAlways' }, want: 'AdoptAlways' },
  ])('$name', ({ spec, want }) => {
    const object = deepFreeze(aResource({ spec }));
    const parsed = parseServiceWithHealthchecks(withAdoptionPolicy(KIND, object, 'Refuse'));
    expect(parsed).toMatchObject({ kind: 'accepted', swh: { adoptionPolicy: want } });
  });

  it.each([
    { name: 'another kind', kind: 'Service', object: { ...aResource() } },
    { name: 'an object without a spec', kind: KIND, object: { metadata: { name: 'a' } } },
    { name: 'an object whose spec is null', kind: KIND, object: { metadata: { name: 'a' }, spec: null } },
  ])('leaves $name alone', ({ kind, object }) => {
    expect(withAdoptionPolicy(kind, object, 'Refuse')).toBe(object);
  });
});

it('an object that names no policy is taken over like an equal one', () => {
  expect(parseServiceWithHealthchecks(aResource())).toMatchObject({ swh: { adoptionPolicy: 'Adopt' } });
});
