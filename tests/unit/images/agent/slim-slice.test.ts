import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Endpoint, EndpointSlice } from '#lib/core/kubernetes.ts';
import { createSlimSlice } from '../../../../images/agent/src/slim-slice.ts';

function aSlice(name: string, endpoints: readonly Endpoint[]): EndpointSlice {
  const metadata = { namespace: 'my-ns', name, uid: `uid-${name}`, managedFields: [{ manager: 'x' }] };
  return { metadata, addressType: 'IPv4', endpoints, ports: [{ name: 'http', port: 80 }] };
}

function anEndpoint(pod: number, ready: boolean): Endpoint {
  return { addresses: [`10.0.0.${pod}`], conditions: { ready }, targetRef: { name: `pod-${pod}` } };
}

describe('a slice as it is kept', () => {
  test('says what it said, but for who wrote it, however many others there are', () => {
    const endpoints = fc.array(fc.record({ pod: fc.integer({ min: 1, max: 2000 }), ready: fc.boolean() }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(fc.array(endpoints, { maxLength: 200 }), (lists) => {
        const slim = createSlimSlice();
        lists.forEach((list, index) => {
          const given = aSlice(
            `s-${index}`,
            list.map(({ pod, ready }) => anEndpoint(pod, ready)),
          );
          const { managedFields: _, ...metadata } = given.metadata as typeof given.metadata & {
            managedFields?: unknown;
          };
          expect(slim(given)).toEqual({ ...given, metadata });
        });
      }),
      { numRuns: 30 },
    );
  });

  test('has the same endpoint as another slice that says the same of the pod', () => {
    const slim = createSlimSlice();
    const one = slim(aSlice('one', [anEndpoint(1, true), anEndpoint(2, true)]));
    const other = slim(aSlice('other', [anEndpoint(2, true), anEndpoint(1, false)]));
    expect(other.endpoints[0]).toBe(one.endpoints[1]);
    expect(other.endpoints[1]).not.toBe(one.endpoints[0]);
  });

  test('may have null for no endpoints', () => {
    const nothing = JSON.parse('null') as readonly Endpoint[];
    expect(createSlimSlice()(aSlice('empty', nothing)).endpoints).toBeNull();
  });
});
