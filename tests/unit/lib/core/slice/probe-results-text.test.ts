import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '#lib/core/kubernetes.ts';
import type { EndpointVerdict, ProbeResults } from '#lib/core/probe/endpoint-verdict.ts';
import { decodeProbeResults, encodeProbeResults } from '#lib/core/slice/probe-results-text.ts';
import { anEndpoint, aVerdict } from '../../../../support/builders.ts';
import { manyPods } from '../../../../support/slice-planning.ts';

const failed = [{ index: 0, probe: 'tcp:10.1.0.1:8080', message: 'refused' }];
const down = aVerdict({ isUp: false, since: '2026-01-02T00:00:00Z', failed });

const since = fc.oneof(
  fc.constant('2026-01-01T00:00:00Z'),
  fc
    .integer({ min: 0, max: 99 })
    .map((second) => `2026-01-01T00:01:${String(second % 60).padStart(2, '0')}Z`),
  fc.constantFrom('', 'yesterday', '2026-01-01T00:00:00.5Z'),
);
const plain = fc
  .record({ uid: fc.uuid(), since })
  .map((given) => ({ ...given, isUp: true, hasBeenUp: true, failed: [] }));
const verdict: fc.Arbitrary<EndpointVerdict & { uid: string }> = fc.oneof(
  { weight: 2, arbitrary: plain },
  fc.record({
    uid: fc.uuid(),
    isUp: fc.boolean(),
    hasBeenUp: fc.boolean(),
    since,
    failed: fc.array(fc.record({ index: fc.nat(9), probe: fc.string(), message: fc.string() }), {
      maxLength: 3,
    }),
  }),
);
const results: fc.Arbitrary<ProbeResults> = fc.record({
  definition: fc.string(),
  pods: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/), verdict, { noNullPrototype: true }),
});

/** A slice that shows some of the pods, pods of which nothing is known, and former pods of the same names. */
const slices: fc.Arbitrary<{ readonly given: ProbeResults; readonly endpoints: readonly Endpoint[] }> =
  results.chain((given) =>
    fc
      .record({
        shown: fc.shuffledSubarray(Object.keys(given.pods)),
        unknown: fc.subarray(['0', 'm0', 'z0']),
        former: fc.subarray(Object.keys(given.pods)),
      })
      .map(({ shown, unknown, former }) => ({
        given,
        endpoints: [
          ...shown.map((podName) => anEndpoint({ podName, podUid: given.pods[podName]?.uid ?? '' })),
          ...[...unknown, ...former].map((podName) => anEndpoint({ podName, podUid: `former-${podName}` })),
        ],
      })),
  );

describe('the text of probe results', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(slices, ({ given, endpoints }) => {
        expect(decodeProbeResults(encodeProbeResults(given, endpoints), endpoints)).toEqual(given);
      }),
    );
  });

  it('does not depend on the order of the endpoints', () => {
    fc.assert(
      fc.property(slices, ({ given, endpoints }) => {
        const text = encodeProbeResults(given, endpoints);
        expect(encodeProbeResults(given, endpoints.toReversed())).toBe(text);
        expect(decodeProbeResults(text, endpoints.toReversed())).toEqual(given);
      }),
    );
  });

  it('is the same for the same results in another order', () => {
    const a = { uid: 'a', ...down };
    const b = { failed: [], since: '', hasBeenUp: true, isUp: true, uid: 'b' };
    const one = encodeProbeResults({ definition: 'd', pods: { a, b } });
    expect(encodeProbeResults({ pods: { b, a }, definition: 'd' })).toBe(one);
  });

  it('never takes the results of one endpoint for those of another', () => {
    const shown = [anEndpoint({ podName: 'a', podUid: 'a' }), anEndpoint({ podName: 'c', podUid: 'c' })];
    const pods = Object.fromEntries(['a', 'c'].map((uid) => [uid, { uid, ...aVerdict() }]));
    const text = encodeProbeResults({ definition: 'd', pods }, shown);
    const edited = [...shown, anEndpoint({ podName: 'b', podUid: 'b' })];
    expect(decodeProbeResults(text, edited)).toEqual({ definition: 'd', pods: {} });
  });

  it('takes a few bytes for an endpoint that is up', () => {
    const names = manyPods(100).map(({ metadata: { name } }) => name);
    const endpoints = names.map((podName) => anEndpoint({ podName }));
    const pods = Object.fromEntries(
      names.map((name, index) => {
        const time = new Date(Date.UTC(2026, 0, 1) + index * 1000 * 60);
        return [name, { uid: `uid-${name}`, ...aVerdict({ since: `${time.toISOString().slice(0, 19)}Z` }) }];
      }),
    );
    const text = encodeProbeResults({ definition: 'd', pods }, endpoints);
    expect(text.length).toBeLessThan(600);
    const same = Object.fromEntries(names.map((name) => [name, { uid: `uid-${name}`, ...aVerdict() }]));
    expect(encodeProbeResults({ definition: 'd', pods: same }, endpoints).length).toBeLessThan(200);
  });

  it('fits into an object however much fails', () => {
    const message = '€'.repeat(200);
    const many = Array.from({ length: 20 }, (_, index) => ({ index, probe: 'http:10.1.0.1:8080', message }));
    const pods = Object.fromEntries(
      manyPods(100).map(({ metadata: { name } }) => [name, { uid: `uid-${name}`, ...down, failed: many }]),
    );
    const text = encodeProbeResults({ definition: 'd', pods });
    expect(Buffer.byteLength(text)).toBeLessThan(200 * 1024);
    expect(Object.keys(decodeProbeResults(text)?.pods ?? {})).toHaveLength(100);
  });

  it.each([
    { name: 'nothing', text: undefined },
    { name: 'an empty text', text: '' },
    { name: 'no JSON', text: '{' },
    { name: 'null', text: 'null' },
    { name: 'a list', text: '[]' },
    { name: 'no definition', text: '{"pods":{}}' },
    { name: 'no pods', text: '{"definition":"d"}' },
    { name: 'pods of another form', text: '{"definition":"d","pods":[]}' },
  ])('that is broken says nothing: $name', ({ text }) => {
    expect(decodeProbeResults(text)).toBeUndefined();
  });

  it.each([
    { name: 'null', pod: null },
    { name: 'no uid', pod: { ...down } },
    { name: 'a verdict of another form', pod: { uid: 'u', ...down, isUp: 'yes' } },
    { name: 'no since', pod: { uid: 'u', ...down, since: 1 } },
    { name: 'failures of another form', pod: { uid: 'u', ...down, failed: [{ index: 'x' }] } },
    { name: 'failures that are no list', pod: { uid: 'u', ...down, failed: {} } },
  ])('keeps the good pods beside a broken one: $name', ({ pod }) => {
    const good = { uid: 'g', ...down };
    const text = JSON.stringify({ definition: 'd', pods: { bad: pod, good } });
    expect(decodeProbeResults(text)).toEqual({ definition: 'd', pods: { good } });
  });

  it.each([
    { name: 'no time', since: 'never', up: '0' },
    { name: 'no number', since: '2026-01-01T00:00:00Z', up: '!' },
    { name: 'a number beyond all times', since: '2026-01-01T00:00:00Z', up: 'zzzzzzzzzzzzzzzz' },
    { name: 'no first word', since: '2026-01-01T00:00:00Z', up: '' },
    { name: 'no text', since: '2026-01-01T00:00:00Z', up: 1 },
  ])('that is broken in its short part says nothing about it: $name', (given) => {
    const text = JSON.stringify({ definition: 'd', ...given, pods: {} });
    expect(decodeProbeResults(text, [anEndpoint()])).toEqual({ definition: 'd', pods: {} });
  });
});
