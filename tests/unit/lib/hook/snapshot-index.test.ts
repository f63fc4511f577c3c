import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KubernetesObject, keyOf } from '#lib/core/kubernetes.ts';
import { createSnapshotIndex } from '#lib/hook/snapshot-index.ts';
import { snapshotsByKey } from '../../../support/snapshots-by-key.ts';

const object = (name: string, labels: Readonly<Record<string, string>> = {}): KubernetesObject => ({
  metadata: { namespace: 'ns', name, labels },
});
/** The keys are the names of the labels; label `*` means every key. */
const keysOf = (_binding: string, { metadata }: KubernetesObject) => {
  const labels = Object.keys(metadata.labels ?? {});
  return labels.includes('*') ? ('every' as const) : labels;
};

describe('createSnapshotIndex', () => {
  it('wakes the keys that an object had and has', () => {
    const index = createSnapshotIndex(['b'], keysOf);
    expect(index.update('b', 'ns/x', object('x', { one: '', two: '' }))).toEqual(['one', 'two']);
    expect(index.update('b', 'ns/x', object('x', { two: '', three: '' }))).toEqual(['one', 'two', 'three']);
    expect(index.update('b', 'ns/x', undefined)).toEqual(['two', 'three']);
    expect(index.update('b', 'ns/x', undefined)).toEqual([]);
  });

  it('adds what belongs to every key without waking any', () => {
    const index = createSnapshotIndex(['b', 'c'], keysOf);
    expect(index.update('c', 'ns/all', object('all', { '*': '' }))).toEqual([]);
    index.update('b', 'ns/x', object('x', { one: '' }));
    expect(index.snapshotsOf('one')).toEqual({
      b: [object('x', { one: '' })],
      c: [object('all', { '*': '' })],
    });
    index.update('c', 'ns/all', undefined);
    expect(index.snapshotsOf('one')).toEqual({ b: [object('x', { one: '' })], c: [] });
  });

  it('answers as if it had been told only the latest states, in order of names', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      labels: fc.option(fc.dictionary(fc.constantFrom('one', 'two', '*'), fc.constant('')), {
        nil: undefined,
      }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const index = createSnapshotIndex(['b'], keysOf);
        const latest = new Map<string, KubernetesObject>();
        for (const { name, labels } of steps) {
          const next = labels === undefined ? undefined : object(name, labels);
          index.update('b', `ns/${name}`, next);
          if (next === undefined) latest.delete(name);
          else latest.set(name, next);
        }
        const want = [...latest.values()]
          .filter(({ metadata }) => 'one' in (metadata.labels ?? {}) || '*' in (metadata.labels ?? {}))
          .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
        expect(index.snapshotsOf('one')).toEqual({ b: want });
      }),
    );
  });
});

describe('snapshotsByKey', () => {
  it('cuts the whole into the parts of the keys', () => {
    const [x, y, all] = [
      object('x', { one: '' }),
      object('y', { one: '', two: '' }),
      object('z', { '*': '' }),
    ];
    expect([...snapshotsByKey({ b: [y, x], c: [all] }, keysOf)]).toEqual([
      ['one', { b: [x, y], c: [all] }],
      ['two', { b: [y], c: [all] }],
    ]);
  });
});
