import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointPort, EndpointSlice } from '#lib/core/kubernetes.ts';
import { withoutRivals } from '../../../../dev/oracle/shared-addresses.ts';

const HTTP: EndpointPort = { name: 'http', port: 80, protocol: 'TCP' };
const DNS: EndpointPort = { name: 'dns', port: 53, protocol: 'UDP' };
const READY = { ready: true, serving: true, terminating: false };
const DOWN = { ready: false, serving: false, terminating: false };
const LEAVING = { ready: false, serving: true, terminating: true };

function slice(ports: readonly EndpointPort[], ...endpoints: readonly Endpoint[]): EndpointSlice {
  return { metadata: { name: 'web' }, addressType: 'IPv4', ports, endpoints };
}

function endpoint(
  name: string,
  conditions: NonNullable<Endpoint['conditions']>,
  address = '10.1.0.1',
): Endpoint {
  return { addresses: [address], conditions, targetRef: { kind: 'Pod', name } };
}

/** Name and ports of what is left. */
function left(...slices: readonly EndpointSlice[]): readonly string[] {
  return withoutRivals(slices).flatMap(({ ports = [], endpoints }) =>
    endpoints.map(({ targetRef }) => [targetRef?.name, ...ports.map(({ name }) => name)].join(' ')),
  );
}

describe('slices without rivals', () => {
  it.each<{ name: string; slices: readonly EndpointSlice[]; want: readonly string[] }>([
    {
      name: 'the ready one of two',
      slices: [slice([HTTP], endpoint('a', DOWN), endpoint('b', READY))],
      want: ['b http'],
    },
    {
      name: 'the serving one of two',
      slices: [slice([HTTP], endpoint('a', LEAVING), endpoint('b', DOWN))],
      want: ['a http'],
    },
    {
      name: 'both where they say the same',
      slices: [slice([HTTP], endpoint('a', READY), endpoint('b', READY))],
      want: ['a http', 'b http'],
    },
    {
      name: 'both where their ports differ',
      slices: [slice([HTTP], endpoint('a', DOWN)), slice([DNS], endpoint('b', READY))],
      want: ['a http', 'b dns'],
    },
    {
      name: 'the rest of the ports',
      slices: [slice([HTTP, DNS], endpoint('a', DOWN)), slice([DNS], endpoint('b', READY))],
      want: ['a http', 'b dns'],
    },
    {
      name: 'the better one without ports',
      slices: [slice([], endpoint('a', DOWN), endpoint('b', READY))],
      want: ['b'],
    },
    {
      name: 'whatever has an address of its own',
      slices: [slice([HTTP], endpoint('a', DOWN), endpoint('b', READY, '10.1.0.2'))],
      want: ['a http', 'b http'],
    },
  ])('have $name', ({ slices, want }) => {
    expect(left(...slices)).toEqual(want);
  });
});
