import type { KubernetesObject } from '#lib/core/kubernetes.ts';

/** One binding context file, and what a hook over the binding `pods` is to make of it. */
export interface ContextVector {
  readonly name: string;
  readonly context: unknown;
  /** The objects that the hook gets to see; `nothing` when it does not run; else why it fails. */
  readonly want: readonly string[] | 'nothing' | { readonly error: string };
}

export const aPod = (name: string): KubernetesObject => ({ metadata: { namespace: 'ns', name } });

const item = (name: string) => ({ object: aPod(name) });
const pods = (...names: readonly string[]) => ({ pods: names.map(item) });
const group = (snapshots: object) => ({ binding: 'pods', type: 'Group', groupName: 'main', snapshots });

/** Every shape of context that shell-operator and addon-operator write, and files that they never would. */
export const CONTEXT_VECTORS: readonly ContextVector[] = [
  { name: 'onStartup', context: [{ binding: 'onStartup' }], want: 'nothing' },
  { name: 'no context', context: [], want: 'nothing' },
  { name: 'a schedule without snapshots', context: [{ binding: 'tick', type: 'Schedule' }], want: 'nothing' },
  {
    name: 'a schedule with snapshots',
    context: [{ binding: 'tick', type: 'Schedule', snapshots: pods('a') }],
    want: ['a'],
  },
  {
    name: 'a first list without snapshots',
    context: [{ binding: 'pods', type: 'Synchronization', objects: [item('a')] }],
    want: 'nothing',
  },
  {
    name: 'a first list with snapshots, which count',
    context: [
      { binding: 'pods', type: 'Synchronization', objects: [item('old')], snapshots: pods('a', 'b') },
    ],
    want: ['a', 'b'],
  },
  {
    name: 'an empty first list',
    context: [{ binding: 'pods', type: 'Synchronization', objects: [], snapshots: pods() }],
    want: [],
  },
  ...['Added', 'Modified'].map((watchEvent) => ({
    name: `an event ${watchEvent}`,
    context: [{ binding: 'pods', type: 'Event', watchEvent, ...item('a'), snapshots: pods('a', 'b') }],
    want: ['a', 'b'],
  })),
  {
    name: 'an event Deleted with its last object, which is no longer there',
    context: [{ binding: 'pods', type: 'Event', watchEvent: 'Deleted', ...item('a'), snapshots: pods('b') }],
    want: ['b'],
  },
  {
    name: 'an event whose object cannot be found any more',
    context: [{ binding: 'pods', type: 'Event', watchEvent: 'Modified', object: null, snapshots: pods('b') }],
    want: ['b'],
  },
  { name: 'a group', context: [group(pods('a'))], want: ['a'] },
  { name: 'a group without objects', context: [group(pods())], want: [] },
  {
    name: 'a group of schedules only',
    context: [{ binding: 'tick', type: 'Group', groupName: 'main' }],
    want: 'nothing',
  },
  {
    name: 'snapshots of more bindings than asked for',
    context: [group({ ...pods('a'), nodes: [item('n')] })],
    want: ['a'],
  },
  {
    name: 'merged events of one object, once',
    context: [group(pods('a')), group(pods('a')), group(pods('a'))],
    want: ['a'],
  },
  {
    name: 'merged contexts of several kinds',
    context: [
      { binding: 'onStartup' },
      { binding: 'pods', type: 'Synchronization', objects: [], snapshots: pods('a') },
      { binding: 'tick', type: 'Schedule' },
      group(pods('a')),
      { binding: 'tick', type: 'Group', groupName: 'main' },
    ],
    want: ['a'],
  },
  ...['Validating', 'Mutating'].map((type) => ({
    name: `an admission review (${type})`,
    context: [{ binding: 'gate.example.com', type, review: { request: { uid: '1' } }, snapshots: pods('a') }],
    want: ['a'],
  })),
  {
    name: 'a conversion review without snapshots',
    context: [
      { binding: 'c', type: 'Conversion', fromVersion: 'v1', toVersion: 'v2', review: { request: {} } },
    ],
    want: 'nothing',
  },
  ...['beforeHelm', 'afterHelm', 'beforeDeleteHelm', 'afterDeleteHelm'].map((binding) => ({
    name: `a moment of the module (${binding})`,
    context: [{ binding, snapshots: pods('a') }],
    want: ['a'],
  })),
  {
    name: 'a moment of the module without any data',
    context: [{ binding: 'beforeHelm', snapshots: {} }],
    want: { error: 'no snapshot of pods' },
  },
  {
    name: 'an item with object and filter result',
    context: [group({ pods: [{ filterResult: 'x', object: aPod('a') }] })],
    want: ['a'],
  },
  {
    name: 'an item with a filter result only',
    context: [group({ pods: [{ filterResult: null }] })],
    want: { error: 'without object' },
  },
  { name: 'an item without anything', context: [group({ pods: [{}] })], want: { error: 'without object' } },
  {
    name: 'an object without name',
    context: [group({ pods: [{ object: { metadata: {} } }] })],
    want: { error: 'without object' },
  },
  { name: 'a file that is no list', context: { binding: 'onStartup' }, want: { error: 'not a list' } },
];
