import { expect, test } from 'vitest';
import type { Endpoint } from '#lib/core/kubernetes.ts';
import { balancerViews, type PictureSources, wrongWrites } from '../../../../dev/demo/picture.ts';
import type { TrafficResult } from '../../../../dev/workload/traffic-sample.ts';

const NOW_MS = 100_000;

function endpoint(pod: string, address: string, ready: boolean): Endpoint {
  return { addresses: [address], conditions: { ready }, nodeName: 'node-1', targetRef: { name: pod } };
}

function sources(endpoints: readonly Endpoint[], results: readonly TrafficResult[]): PictureSources {
  const samples = results.map((result) => {
    return { stream: 'db', startedAtMs: NOW_MS - 1_000, latencyMs: 1, result };
  });
  const old = {
    stream: 'db',
    startedAtMs: NOW_MS - 9_000,
    latencyMs: 1,
    result: { kind: 'answered', by: '192.0.2.9' },
  } as const;
  const status = { endpointStatuses: [{ podName: 'db-1', message: 'the query returned false' }] };
  return {
    balancers: [{ name: 'db', kind: 'swh', address: '10.96.0.1', port: 5432 }],
    endpoints: { endpoints: () => endpoints },
    statuses: { get: () => ({ metadata: { name: 'db' }, status }) },
    traffic: {
      samples: (_name, sinceMs = 0) => [old, ...samples].filter((sample) => sample.startedAtMs >= sinceMs),
    },
  };
}

const ENDPOINTS = [endpoint('db-1', '192.0.2.2', false), endpoint('db-0', '192.0.2.1', true)];

test('answers by address count for the pod, old ones do not count, and the status says why a pod is out', () => {
  const given = sources(ENDPOINTS, [
    { kind: 'answered', by: '192.0.2.1' },
    { kind: 'failed', message: 'ECONNREFUSED' },
  ]);
  expect(balancerViews(given, NOW_MS)).toEqual([
    {
      ...{ name: 'db', kind: 'swh', address: '10.96.0.1:5432', failed: 0.5 },
      pods: [
        { pod: 'db-0', node: 'node-1', isReady: true, message: '', share: 1 },
        { pod: 'db-1', node: 'node-1', isReady: false, message: 'the query returned false', share: 0 },
      ],
    },
  ]);
});

test('writes at a replica are counted', () => {
  const wrong = { kind: 'wrong', by: '192.0.2.2', message: 'read-only transaction' } as const;
  expect(wrongWrites(sources(ENDPOINTS, [wrong, wrong]))).toBe(2);
});
