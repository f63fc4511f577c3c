import { describe, expect, it } from 'vitest';
import { lostFields } from '#lib/api/lost-fields.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

describe('lostFields', () => {
  it.each<{ name: string; spec: unknown; want: readonly string[] }>([
    { name: 'a spec without any', spec: { ports: [{ port: 80 }], selector: { anything: 'goes' } }, want: [] },
    { name: 'a field of a newer Service', spec: { futureField: { a: 1 } }, want: ['spec.futureField'] },
    {
      name: 'a field of two ports',
      spec: { ports: [{ port: 80, futureField: 1 }, { futureField: 2 }] },
      want: ['spec.ports[].futureField'],
    },
    {
      name: 'fields of a probe, sorted',
      spec: { zzz: 1, healthcheck: { probes: [{ http: { pth: '/' } }] } },
      want: ['spec.healthcheck.probes[].http.pth', 'spec.zzz'],
    },
    { name: 'a name that every object has', spec: { constructor: 1 }, want: ['spec.constructor'] },
    { name: 'what has another shape', spec: { ports: 'x', healthcheck: [1] }, want: [] },
    { name: 'no spec', spec: undefined, want: [] },
  ])('finds $name', ({ spec, want }) => {
    expect(lostFields({ [LAST_APPLIED]: JSON.stringify({ spec }) })).toEqual(want);
  });

  it.each([{}, { [LAST_APPLIED]: '{' }, { [LAST_APPLIED]: '[]' }])('knows nothing of %j', (annotations) => {
    expect(lostFields(annotations)).toEqual([]);
  });
});
