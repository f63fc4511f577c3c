import { expect, test } from 'vitest';
import { ApiClient } from '../../../../dev/cluster/api-client.ts';
import { readKubeconfig } from '../../../../dev/cluster/kubeconfig.ts';
import { sharedControlPlane } from '../../../support/control-plane.ts';

test('the shared control plane answers kubectl and gives each file its namespace', async () => {
  const { kubectl, createNamespace } = await sharedControlPlane();
  const [first, second] = await Promise.all([createNamespace(), createNamespace()]);

  expect(first).not.toBe(second);
  const names = await kubectl(['get', 'namespaces', '-o', 'name']);
  expect(names.split('\n')).toEqual(expect.arrayContaining([`namespace/${first}`, `namespace/${second}`]));
});

test('a service account token made through TokenRequest has the rights of its role and no more', async () => {
  const plane = await sharedControlPlane();
  const namespace = await plane.createNamespace();
  await plane.kubectl(['create', 'serviceaccount', 'reader', '-n', namespace]);
  const role = ['--verb=list', '--resource=pods', '-n', namespace];
  await plane.kubectl(['create', 'role', 'reader', ...role]);
  const subject = ['--role=reader', `--serviceaccount=${namespace}:reader`, '-n', namespace];
  await plane.kubectl(['create', 'rolebinding', 'reader', ...subject]);

  const kubeconfig = await plane.serviceAccountKubeconfig({ namespace, name: 'reader' });
  const api = new ApiClient(readKubeconfig(kubeconfig));

  await expect(api.get(`/api/v1/namespaces/${namespace}/pods`)).resolves.toMatchObject({ kind: 'PodList' });
  await expect(api.get(`/api/v1/namespaces/${namespace}/secrets`)).rejects.toMatchObject({ status: 403 });
  api.close();
});
