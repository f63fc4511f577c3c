import { describe, expect, it } from 'vitest';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { manifest } from '../../../support/resource-corpus.ts';

const DNS_PROBE = { tcp: { targetPort: 53 } };

describe('probes to UDP ports', () => {
  it.each([
    {
      name: 'a number that only a UDP port points to loses its probe',
      ports: [{ port: 53, protocol: 'UDP', targetPort: 53 }],
      probes: [DNS_PROBE],
      want: [],
    },
    {
      name: 'a UDP port without target points to its own number',
      ports: [{ port: 53, protocol: 'UDP' }],
      probes: [DNS_PROBE],
      want: [],
    },
    {
      name: 'TCP and UDP on one number keep the probe',
      ports: [
        { name: 'udp', port: 53, protocol: 'UDP' },
        { name: 'tcp', port: 53 },
      ],
      probes: [DNS_PROBE],
      want: [53],
    },
    {
      name: 'TCP and UDP on one target number keep the probe',
      ports: [
        { name: 'udp', port: 53, protocol: 'UDP', targetPort: 5353 },
        { name: 'tcp', port: 54, targetPort: 5353 },
      ],
      probes: [{ tcp: { targetPort: 5353 } }],
      want: [5353],
    },
    {
      name: 'the port number of a UDP port with another target does not count',
      ports: [{ port: 53, protocol: 'UDP', targetPort: 5353 }],
      probes: [DNS_PROBE],
      want: [53],
    },
    {
      name: 'a port that the Service does not have keeps its probe',
      ports: [{ port: 53, protocol: 'UDP' }],
      probes: [{ http: { targetPort: 8080 } }],
      want: [8080],
    },
    {
      name: 'a named port keeps its probe',
      ports: [{ port: 53, protocol: 'UDP', targetPort: 'dns' }],
      probes: [{ tcp: { targetPort: 'dns' } }],
      want: ['dns'],
    },
    {
      name: 'only the unreachable one of two probes goes',
      ports: [
        { name: 'udp', port: 53, protocol: 'UDP' },
        { name: 'web', port: 80, targetPort: 8080 },
      ],
      probes: [DNS_PROBE, { http: { targetPort: 8080 } }],
      want: [8080],
    },
  ])('$name', ({ ports, probes, want }) => {
    const result = parseServiceWithHealthchecks(manifest({ ports, healthcheck: { probes } }));
    const left = result.kind === 'accepted' ? result.swh.healthcheck.probes.map(({ port }) => port) : result;
    expect(left).toEqual(want);
  });

  it('are named in a warning', () => {
    const spec = {
      ports: [{ port: 53, protocol: 'UDP' }],
      healthcheck: { probes: [{ grpc: { targetPort: 9 } }, DNS_PROBE] },
    };
    expect(parseServiceWithHealthchecks(manifest(spec))).toMatchObject({
      warnings: [
        {
          path: 'spec.healthcheck.probes[1]',
          message: expect.stringContaining('only UDP ports point to 53'),
        },
      ],
    });
  });
});
