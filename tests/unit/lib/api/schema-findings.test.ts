import { describe, expect, it } from 'vitest';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { manifest, withHealthcheck, withProbes } from '../../../support/resource-corpus.ts';

describe('findings of the schema', () => {
  it.each([
    {
      name: 'a choice',
      object: manifest({ type: 'X', clusterIP: 'None' }),
      want: ['spec.type', 'write one of ClusterIP, NodePort, LoadBalancer, ExternalName'],
    },
    {
      name: 'a type',
      object: withHealthcheck({ sentinel: 'yes' }),
      want: ['spec.healthcheck.sentinel', 'write a value of type boolean'],
    },
    {
      name: 'one of two types',
      object: withProbes({ tcp: { targetPort: true } }),
      want: ['spec.healthcheck.probes[0].tcp.targetPort', 'write a value of type integer or string'],
    },
    {
      name: 'a missing field',
      object: withProbes({ tcp: {} }),
      want: ['spec.healthcheck.probes[0].tcp.targetPort', 'write this field: it is required'],
    },
    {
      name: 'a lower bound',
      object: withHealthcheck({ periodSeconds: 0 }),
      want: ['spec.healthcheck.periodSeconds', 'write a number >= 1'],
    },
    {
      name: 'an upper bound',
      object: withHealthcheck({ periodSeconds: 108_001 }),
      want: ['spec.healthcheck.periodSeconds', 'write a number <= 108000'],
    },
    {
      name: 'a length',
      object: withProbes({ grpc: { targetPort: 1, service: 'x'.repeat(1025) } }),
      want: ['spec.healthcheck.probes[0].grpc.service', 'write at most 1024 characters'],
    },
    {
      name: 'a number of entries',
      object: manifest({ ports: [{ port: 1 }], clusterIPs: ['a', 'b', 'c'] }),
      want: ['spec.clusterIPs', 'write at most 2 entries'],
    },
    {
      name: 'a key that looks like a path',
      object: manifest({ ports: [{ port: 1 }], selector: { 'a/b~c': 1 } }),
      want: ['spec.selector.a/b~c', 'write a value of type string'],
    },
  ])('name $name', ({ object, want: [path, message] }) => {
    expect(parseServiceWithHealthchecks(object)).toMatchObject({
      kind: 'rejected',
      violations: [{ path, message }],
    });
  });

  it('are not endless', () => {
    const result = parseServiceWithHealthchecks(
      manifest({ ports: Array.from({ length: 1000 }, () => ({})) }),
    );
    expect(result.kind === 'rejected' ? result.violations.length : 0).toBe(20);
  });
});
