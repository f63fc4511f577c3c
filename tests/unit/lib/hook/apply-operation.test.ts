import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { applyOperation, describeOperation } from '#lib/hook/apply-operation.ts';
import { scopeOf } from '#lib/hook/binding-informers.ts';
import type { Operation } from '#lib/hook/hook.ts';
import { KubeApiError } from '#lib/kube/kube-error.ts';
import { SERVICES } from '#lib/kube/resources.ts';
import { apiError, MemoryApi } from '../../../support/memory-api.ts';

const service = (labels: Readonly<Record<string, string>> = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'ns', name: 'a', labels },
});
const place = { apiVersion: 'v1', kind: 'Service', namespace: 'ns', name: 'a' };
const mergePatch = { metadata: { labels: { x: '1' } } };
const terminating = new KubeApiError('create', {
  status: 403,
  reason: 'Forbidden',
  causes: ['NamespaceTerminating'],
});

describe('applyOperation', () => {
  it.each<{ name: string; operation: Operation; isThere: boolean; failure?: KubeApiError; want: string }>([
    { name: 'creates', operation: { operation: 'Create', object: service() }, isThere: false, want: 'a' },
    {
      name: 'fails to create twice',
      operation: { operation: 'Create', object: service() },
      isThere: true,
      want: 'AlreadyExists',
    },
    {
      name: 'takes an existing object for created where that is asked',
      operation: { operation: 'CreateIfNotExists', object: service() },
      isThere: true,
      want: 'nothing',
    },
    {
      name: 'replaces an existing object where that is asked',
      operation: { operation: 'CreateOrUpdate', object: service({ y: '2' }) },
      isThere: true,
      want: 'a',
    },
    {
      name: 'gives a namespace up that is being deleted',
      operation: { operation: 'Create', object: service() },
      isThere: false,
      failure: terminating,
      want: 'nothing',
    },
    {
      name: 'patches',
      operation: { operation: 'MergePatch', ...place, mergePatch },
      isThere: true,
      want: 'a',
    },
    {
      name: 'fails to patch what is missing',
      operation: { operation: 'MergePatch', ...place, mergePatch },
      isThere: false,
      want: 'NotFound',
    },
    {
      name: 'does not mind a missing object where that is asked',
      operation: { operation: 'MergePatch', ...place, mergePatch, ignoreMissingObject: true },
      isThere: false,
      want: 'nothing',
    },
    {
      name: 'deletes',
      operation: { operation: 'DeleteInBackground', ...place },
      isThere: true,
      want: 'nothing',
    },
    {
      name: 'takes a missing object for deleted',
      operation: { operation: 'Delete', ...place },
      isThere: false,
      want: 'nothing',
    },
    {
      name: 'fails where the API server does',
      operation: { operation: 'Delete', ...place },
      isThere: true,
      failure: apiError(500, 'InternalError'),
      want: 'InternalError',
    },
  ])('$name', async ({ operation, isThere, failure, want }) => {
    const api = new MemoryApi();
    if (isThere) api.seed(SERVICES, service());
    api.failure = failure;
    const result = await applyOperation(api, operation).then(
      (written) => written?.metadata.name ?? 'nothing',
      (error: unknown) => (error instanceof KubeApiError ? error.reason : 'bug'),
    );
    expect(result).toBe(want);
  });

  it('leaves the replaced object as it was asked for', async () => {
    const api = new MemoryApi();
    api.seed(SERVICES, service({ old: '1' }));
    const written = await applyOperation(api, { operation: 'CreateOrUpdate', object: service({ y: '2' }) });
    expect(written?.metadata.labels).toEqual({ y: '2' });
  });
});

describe('describeOperation', () => {
  it('names what is written', () => {
    expect(describeOperation({ operation: 'Create', object: service() })).toBe('Create Service ns/a');
    expect(describeOperation({ operation: 'Delete', ...place })).toBe('Delete Service ns/a');
  });
});

describe('scopeOf', () => {
  const binding = { name: 'b', apiVersion: 'v1', kind: 'Service' };
  it.each([
    { name: 'all objects', given: binding, want: {} },
    {
      name: 'labels',
      given: { ...binding, labelSelector: { matchLabels: { a: '1', b: '2' } } },
      want: { labelSelector: 'a=1,b=2' },
    },
    {
      name: 'one name',
      given: { ...binding, nameSelector: { matchNames: ['x'] } },
      want: { fieldSelector: 'metadata.name=x' },
    },
  ])('asks for $name', ({ given, want }) => {
    expect(scopeOf(given)).toEqual(want);
  });

  it('refuses what one list cannot ask for', () => {
    expect(() => scopeOf({ ...binding, nameSelector: { matchNames: ['x', 'y'] } })).toThrow(
      'more than one name',
    );
  });
});
