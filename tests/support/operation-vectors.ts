import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import type { Operation } from '#lib/hook/hook.ts';
import type { JqPatch } from '#lib/hook/module-hook.ts';

type Data = Readonly<Record<string, string>>;

/** Operations of one run on a namespace, and what the API server holds afterwards. */
export interface OperationVector {
  readonly name: string;
  /** `data` of the ConfigMap `one` before; absent when there is none. */
  readonly before?: Data;
  readonly operations: (namespace: string) => readonly (Operation | JqPatch)[];
  readonly want: 'succeeds' | 'fails';
  /** `data` of the ConfigMap `one` afterwards; undefined when it is to be gone. */
  readonly data: Data | undefined;
  /** Only an operator can do it. */
  readonly isOperatorOnly?: boolean;
}

const OLD = { a: '1', b: '2' };
const NEW = { a: '9' };

function configMap(namespace: string, data: Data): KubernetesObject & { readonly data: Data } {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'one' }, data };
}

const place = (namespace: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'one' });

const create =
  (operation: 'Create' | 'CreateIfNotExists' | 'CreateOrUpdate') =>
  (namespace: string): readonly Operation[] => [{ operation, object: configMap(namespace, NEW) }];
const merge =
  (mergePatch: Readonly<Record<string, unknown>>, more: object = {}) =>
  (namespace: string): readonly Operation[] => [
    { operation: 'MergePatch', ...place(namespace), mergePatch, ...more },
  ];
const json =
  (patch: readonly object[], more: object = {}) =>
  (namespace: string): readonly Operation[] => [
    { operation: 'JSONPatch', ...place(namespace), jsonPatch: JSON.stringify(patch), ...more },
  ];
const jq =
  (jqFilter: string, more: object = {}) =>
  (namespace: string): readonly JqPatch[] => [
    { operation: 'JQPatch', ...place(namespace), jqFilter, ...more },
  ];
const remove =
  (operation: 'Delete' | 'DeleteInBackground' | 'DeleteNonCascading') =>
  (namespace: string): readonly Operation[] => [{ operation, ...place(namespace) }];

const MISSING_IS_FINE = { ignoreMissingObject: true };

/** Every operation of the patch file: on what is there, on what is not, and where it fails. */
export const OPERATION_VECTORS: readonly OperationVector[] = [
  { name: 'Create makes', operations: create('Create'), want: 'succeeds', data: NEW },
  {
    name: 'Create fails on what is there',
    before: OLD,
    operations: create('Create'),
    want: 'fails',
    data: OLD,
  },
  {
    name: 'CreateIfNotExists makes',
    operations: create('CreateIfNotExists'),
    want: 'succeeds',
    data: NEW,
  },
  {
    name: 'CreateIfNotExists leaves what is there',
    before: OLD,
    operations: create('CreateIfNotExists'),
    want: 'succeeds',
    data: OLD,
  },
  {
    name: 'CreateOrUpdate makes',
    operations: create('CreateOrUpdate'),
    want: 'succeeds',
    data: NEW,
  },
  {
    name: 'CreateOrUpdate replaces all of what is there',
    before: OLD,
    operations: create('CreateOrUpdate'),
    want: 'succeeds',
    data: NEW,
  },
  {
    name: 'Create fails where the API server finds the object invalid',
    operations: (namespace) => [{ operation: 'Create', object: configMap(namespace, { 'not a key': '' }) }],
    want: 'fails',
    data: undefined,
  },
  {
    name: 'MergePatch changes, adds and removes fields',
    before: OLD,
    operations: merge({ data: { a: '9', b: null, c: '3' } }),
    want: 'succeeds',
    data: { a: '9', c: '3' },
  },
  { name: 'MergePatch fails on nothing', operations: merge({ data: NEW }), want: 'fails', data: undefined },
  {
    name: 'MergePatch does not mind where that is asked',
    operations: merge({ data: NEW }, MISSING_IS_FINE),
    want: 'succeeds',
    data: undefined,
  },
  {
    name: 'MergePatch of an old version is a conflict',
    before: OLD,
    operations: merge({ metadata: { resourceVersion: '1' }, data: NEW }),
    want: 'fails',
    data: OLD,
  },
  {
    name: 'JSONPatch removes, adds and replaces',
    before: OLD,
    operations: json([
      { op: 'remove', path: '/data/b' },
      { op: 'replace', path: '/data/a', value: '9' },
      { op: 'add', path: '/data/c', value: '3' },
    ]),
    want: 'succeeds',
    data: { a: '9', c: '3' },
  },
  {
    name: 'JSONPatch fails as a whole where a test does',
    before: OLD,
    operations: json([
      { op: 'replace', path: '/data/a', value: '9' },
      { op: 'test', path: '/data/b', value: 'x' },
    ]),
    want: 'fails',
    data: OLD,
  },
  {
    name: 'JSONPatch fails on nothing',
    operations: json([{ op: 'add', path: '/data', value: NEW }]),
    want: 'fails',
    data: undefined,
  },
  {
    name: 'JSONPatch does not mind where that is asked',
    operations: json([{ op: 'add', path: '/data', value: NEW }], MISSING_IS_FINE),
    want: 'succeeds',
    data: undefined,
  },
  ...(['Delete', 'DeleteInBackground', 'DeleteNonCascading'] as const).flatMap((operation) => [
    {
      name: `${operation} deletes`,
      before: OLD,
      operations: remove(operation),
      want: 'succeeds' as const,
      data: undefined,
    },
    {
      name: `${operation} of nothing is fine`,
      operations: remove(operation),
      want: 'succeeds' as const,
      data: undefined,
    },
  ]),
  {
    name: 'what fails does not hold up what follows',
    before: OLD,
    operations: (namespace) => [...create('Create')(namespace), ...merge({ data: NEW })(namespace)],
    want: 'fails',
    data: { a: '9', b: '2' },
  },
  {
    name: 'operations are applied in their order',
    operations: (namespace) => [
      ...create('Create')(namespace),
      ...merge({ data: { b: '1' } })(namespace),
      ...json([{ op: 'remove', path: '/data/a' }])(namespace),
    ],
    want: 'succeeds',
    data: { b: '1' },
  },
  {
    name: 'JQPatch writes what its program makes of the object',
    before: OLD,
    operations: jq('.data.a = "9" | del(.data.b)'),
    want: 'succeeds',
    data: NEW,
    isOperatorOnly: true,
  },
  {
    name: 'JQPatch fails where its program does',
    before: OLD,
    operations: jq('error("not yet")'),
    want: 'fails',
    data: OLD,
    isOperatorOnly: true,
  },
  {
    name: 'JQPatch fails on nothing',
    operations: jq('.'),
    want: 'fails',
    data: undefined,
    isOperatorOnly: true,
  },
  {
    name: 'JQPatch does not mind where that is asked',
    operations: jq('.', MISSING_IS_FINE),
    want: 'succeeds',
    data: undefined,
    isOperatorOnly: true,
  },
];
