import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Secret } from '#lib/core/kubernetes.ts';
import { connectKubeApi, type KubeConnection } from '#lib/kube/client-node.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { classifyKubeError } from '#lib/kube/kube-error.ts';
import { SECRETS } from '#lib/kube/resources.ts';
import { type ApiAccess, readKubeconfig, writeKubeconfig } from '../../../../dev/cluster/kubeconfig.ts';
import { waitFor } from '../../../../dev/process/wait-for.ts';
import { type SharedControlPlane, sharedControlPlane } from '../../../support/control-plane.ts';
import { makeTestCertificates } from '../../../support/test-certificates.ts';

let controlPlane: SharedControlPlane;
let connection: KubeConnection;
let api: KubeApi;
let namespace: string;

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  connection = connect(controlPlane.adminKubeconfig);
  api = connection.api;
  namespace = await controlPlane.createNamespace();
});

afterAll(() => connection.close());

function connect(kubeconfig: string): KubeConnection {
  return connectKubeApi({ kubeconfig, component: 'test', version: '0' });
}

/** As the administrator, but for the given parts. */
function connectAs(change: Partial<ApiAccess>): KubeConnection {
  const directory = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  try {
    const access = { ...readKubeconfig(controlPlane.adminKubeconfig), ...change };
    return connect(writeKubeconfig(join(directory, 'kubeconfig'), access));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const aSecret = (labels: Record<string, string> = {}): Secret => ({
  metadata: { namespace, name: `s-${randomBytes(4).toString('hex')}`, labels },
});
const kindOf = (promise: Promise<unknown>) => promise.then(() => 'success', classifyKubeError);

describe('writes', () => {
  test('objects come back with their type and without managed fields', async () => {
    const plain = aSecret({ a: 'b' });
    const secret = { ...plain, metadata: { ...plain.metadata, annotations: { town: 'Zürich 東京' } } };
    const created = await api.create(SECRETS, secret);
    expect(created).toMatchObject({ apiVersion: 'v1', kind: 'Secret', metadata: secret.metadata });
    expect(created.metadata).not.toHaveProperty('managedFields');
    expect(await api.get(SECRETS, secret.metadata as Required<Secret['metadata']>)).toEqual(created);
  });

  test('creating twice is "exists"', async () => {
    const secret = await api.create(SECRETS, aSecret());
    const { resourceVersion: _, uid: __, ...metadata } = secret.metadata;
    expect(await kindOf(api.create(SECRETS, { metadata }))).toBe('exists');
  });

  test('replacing an old version is a conflict; without a version it is not', async () => {
    const first = await api.create(SECRETS, aSecret());
    await api.replace(SECRETS, { ...first, data: { a: 'YQ==' } });
    expect(await kindOf(api.replace(SECRETS, { ...first, data: { b: 'Yg==' } }))).toBe('conflict');
    const { resourceVersion: _, ...metadata } = first.metadata;
    expect(await kindOf(api.replace(SECRETS, { ...first, metadata }))).toBe('success');
  });

  test('replacing leaves foreign managed fields alone', async () => {
    const first = await api.create(SECRETS, aSecret());
    await api.replace(SECRETS, { ...first, data: { a: 'YQ==' } });
    const raw = JSON.parse(
      await controlPlane.kubectl([
        'get',
        'secret',
        '-n',
        namespace,
        first.metadata.name,
        '-o',
        'json',
        '--show-managed-fields',
      ]),
    );
    expect(raw.metadata.managedFields[0].manager).toBe('service-with-healthchecks');
  });

  test('a merge patch is conditional when it names a version', async () => {
    const first = await api.create(SECRETS, aSecret());
    const ref = { namespace, name: first.metadata.name };
    const patched = await api.mergePatch(SECRETS, ref, { metadata: { labels: { a: 'b' } } });
    expect(patched.metadata.labels).toEqual({ a: 'b' });
    const { resourceVersion } = first.metadata;
    expect(await kindOf(api.mergePatch(SECRETS, ref, { metadata: { resourceVersion } }))).toBe('conflict');
  });

  test('deleting respects version and uid', async () => {
    const first = await api.create(SECRETS, aSecret());
    const second = await api.replace(SECRETS, { ...first, data: { a: 'YQ==' } });
    const ref = { namespace, name: first.metadata.name };
    const version = (secret: Secret) => ({ resourceVersion: secret.metadata.resourceVersion ?? '' });
    expect(await kindOf(api.delete(SECRETS, ref, version(first)))).toBe('conflict');
    expect(await kindOf(api.delete(SECRETS, ref, { uid: 'another' }))).toBe('conflict');
    expect(await kindOf(api.delete(SECRETS, ref, version(second)))).toBe('success');
    expect(await kindOf(api.delete(SECRETS, ref))).toBe('not-found');
  });

  test('what the API server refuses is invalid, and the message names the object', async () => {
    const secret = { ...aSecret(), data: { a: 'not base64!' } };
    const refused = api.create(SECRETS, secret);
    await expect(refused).rejects.toThrow(`create Secret ${namespace}/${secret.metadata.name}: 400`);
    expect(await kindOf(refused)).toBe('invalid');
  });

  test('creating in a namespace that goes away is "gone"', async () => {
    const doomed = await controlPlane.createNamespace();
    const held = { metadata: { namespace: doomed, name: 'held', finalizers: ['example.com/hold'] } };
    await api.create(SECRETS, held);
    await controlPlane.kubectl(['delete', 'namespace', doomed, '--wait=false']);
    const secret = (name: string) => ({ metadata: { namespace: doomed, name } });
    const kind = await waitFor('the namespace to terminate', async () => {
      const answer = await kindOf(api.create(SECRETS, secret(`s-${randomBytes(4).toString('hex')}`)));
      return answer === 'success' ? undefined : answer;
    });
    expect(kind).toBe('gone');
    await api.mergePatch(SECRETS, { namespace: doomed, name: 'held' }, { metadata: { finalizers: null } });
  });
});

describe('lists and watches', () => {
  test('a list is complete beyond one chunk and obeys its selector', async () => {
    const many = await controlPlane.createNamespace();
    const names = Array.from({ length: 260 }, (_, index) => `s-${index}`);
    for (let start = 0; start < names.length; start += 20) {
      await Promise.all(
        names
          .slice(start, start + 20)
          .map((name) =>
            api.create(SECRETS, { metadata: { namespace: many, name, labels: { last: name.slice(-1) } } }),
          ),
      );
    }
    const all = await api.list(SECRETS, { namespace: many });
    expect(all.items.map(({ metadata }) => metadata.name).toSorted()).toEqual(names.toSorted());
    expect(all.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'Secret' });
    expect((await api.list(SECRETS, { namespace: many, labelSelector: 'last=7' })).items).toHaveLength(26);
  });

  test('a watch tells what happens after the list, in order, until it is aborted', async () => {
    const { resourceVersion } = await api.list(SECRETS, { namespace });
    const stop = new AbortController();
    const seen: string[] = [];
    const watch = api.watch(
      SECRETS,
      { namespace },
      resourceVersion,
      (event) => {
        if (event.type !== 'BOOKMARK') seen.push(event.type);
      },
      stop.signal,
    );
    const secret = await api.create(SECRETS, aSecret());
    await api.replace(SECRETS, { ...secret, data: { a: 'YQ==' } });
    await api.delete(SECRETS, { namespace, name: secret.metadata.name });
    await waitFor('three events', async () => (seen.length < 3 ? undefined : true));
    stop.abort();
    await watch;
    expect(seen).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
  });

  test('what the reader of a watch throws comes out', async () => {
    const { resourceVersion } = await api.list(SECRETS, { namespace });
    const thrown = api.watch(
      SECRETS,
      { namespace },
      resourceVersion,
      () => {
        throw new Error('reader');
      },
      new AbortController().signal,
    );
    const caught = thrown.catch((error: unknown) => error);
    await api.create(SECRETS, aSecret());
    expect(String(await caught)).toContain('reader');
  });
});

describe('failures of the connection', () => {
  test('a token that is not known is transient, and the message does not hold it', async () => {
    const wrong = connectAs({ token: 'some-wrong-token' });
    const failed = wrong.api.list(SECRETS, { namespace });
    expect(await kindOf(failed)).toBe('transient');
    await expect(failed).rejects.not.toThrow('some-wrong-token');
    wrong.close();
  });

  test('an API server that is not there is transient', async () => {
    const nobody = connectAs({ server: 'https://127.0.0.1:1' });
    expect(await kindOf(nobody.api.list(SECRETS, { namespace }))).toBe('transient');
    nobody.close();
  });

  test('a server that the authority does not vouch for gets no token', async () => {
    const certificates = makeTestCertificates();
    const stranger = connectAs({ ca: certificates.ca.cert });
    certificates.remove();
    await expect(stranger.api.list(SECRETS, { namespace })).rejects.toMatchObject({
      status: 0,
      reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
    stranger.close();
  });

  test('an aborted request ends at once', async () => {
    expect(await kindOf(api.list(SECRETS, { namespace }, AbortSignal.abort()))).toBe('transient');
  });

  test('a kubeconfig that cannot be read is one clear line', () => {
    expect(() => connect('/does/not/exist')).toThrow('cannot read kubeconfig /does/not/exist: ENOENT');
  });
});
