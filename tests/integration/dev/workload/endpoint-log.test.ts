import { afterAll, beforeAll, expect, test } from 'vitest';
import { EndpointLog } from '../../../../dev/workload/endpoint-log.ts';
import { type SharedControlPlane, sharedControlPlane } from '../../../support/control-plane.ts';

const DEADLINE_MS = 5_000;

let controlPlane: SharedControlPlane;
let path: string;
let log: EndpointLog;

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  const namespace = await controlPlane.createNamespace('endpoint-log');
  path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  await controlPlane.api.post(path, slice('web-a', 'web', { 'web-0': true, 'web-1': false }));
  log = new EndpointLog(controlPlane.api, namespace);
});
afterAll(() => log?.stop());

function slice(name: string, service: string, pods: Readonly<Record<string, boolean>>): object {
  const endpoints = Object.entries(pods).map(([pod, ready], index) => ({
    addresses: [`192.0.2.${index + 1}`],
    conditions: { ready },
    targetRef: { kind: 'Pod', name: pod },
  }));
  return {
    metadata: { name, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    endpoints,
  };
}

test('ready endpoints are those of all slices of the Service that stand', async () => {
  await log.waitForReady('web', ['web-0'], DEADLINE_MS);
  await controlPlane.api.post(path, slice('web-b', 'web', { 'web-2': true }));
  await controlPlane.api.post(path, slice('mail-a', 'mail', { 'mail-0': true }));
  await log.waitForReady('web', ['web-0', 'web-2'], DEADLINE_MS);
  await controlPlane.api.delete(`${path}/web-a`);
  await log.waitForReady('web', ['web-2'], DEADLINE_MS);
  await log.waitForReady('mail', ['mail-0'], DEADLINE_MS);
  expect(log.changes('web').map(({ kind, object }) => [kind, object.metadata.name])).toEqual([
    ['stored', 'web-a'],
    ['stored', 'web-b'],
    ['deleted', 'web-a'],
  ]);
});

test('a wait that is in vain says what was there instead', async () => {
  await expect(log.waitForReady('mail', [], 50)).rejects.toThrow('they are ["mail-0"]');
});
