import { afterEach, describe, expect, test } from 'vitest';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { type Change, Informer } from '#lib/kube/informer.ts';
import { KubeApiError } from '#lib/kube/kube-error.ts';
import { SECRETS } from '#lib/kube/resources.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { ScriptedKubeApi } from '../../../support/scripted-kube-api.ts';

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

const anObject = (name: string, version: number, labels: Record<string, string> = {}): KubernetesObject => ({
  metadata: { namespace: 'a', name, uid: `uid-${name}`, resourceVersion: String(version), labels },
});
const expired = new KubeApiError('watch secrets: 410', { status: 410, reason: 'Expired' });
const broken = new KubeApiError('watch secrets: reset', { status: 0, reason: 'ECONNRESET' });

/** An informer that has listed `objects` at version 10 and watches. */
async function running(objects: readonly KubernetesObject[]) {
  const clock = new FakeClock();
  const api = new ScriptedKubeApi();
  api.lists = [{ items: objects, resourceVersion: '10' }];
  const lines: string[] = [];
  const logger = createJsonLogger({ level: 'info', clock, write: (line) => lines.push(line) });
  const informer = new Informer<KubernetesObject>(
    { api, clock, logger, random: () => 1 },
    { resource: SECRETS, indexes: { color: ({ metadata }) => Object.values(metadata.labels ?? {}) } },
  );
  const changes: string[] = [];
  informer.onChange((change) => changes.push(describeChange(change)));
  const stop = new AbortController();
  stops.push(stop);
  const run = informer.run(stop.signal);
  await clock.advance(0);
  changes.length = 0;
  return { clock, api, informer, changes, lines, stop, run, watch: () => api.watches.at(-1) };
}

function describeChange({ key, previous, current }: Change<KubernetesObject>): string {
  const version = (object: KubernetesObject | undefined) => object?.metadata.resourceVersion ?? 'none';
  return `${key} ${version(previous)}->${version(current)}`;
}

describe('Informer', () => {
  test('is not synced before the first list has arrived', async () => {
    const clock = new FakeClock();
    const api = new ScriptedKubeApi();
    api.lists = [broken, { items: [anObject('x', 3)], resourceVersion: '10' }];
    const logger = createJsonLogger({ level: 'error', write: () => {} });
    const informer = new Informer<KubernetesObject>(
      { api, clock, logger, random: () => 1 },
      { resource: SECRETS },
    );
    const stop = new AbortController();
    stops.push(stop);
    void informer.run(stop.signal);
    await clock.advance(249);
    expect(informer.hasSynced()).toBe(false);
    expect(informer.staleSinceMs()).toBe(0);
    const synced = informer.whenSynced(stop.signal);
    await clock.advance(1);
    await synced;
    expect(informer.hasSynced()).toBe(true);
    expect(informer.staleSinceMs()).toBeUndefined();
    expect(informer.get('a/x')?.metadata.resourceVersion).toBe('3');
  });

  test('waiting for the first list ends with the signal', async () => {
    const clock = new FakeClock();
    const logger = createJsonLogger({ level: 'error', write: () => {} });
    const informer = new Informer(
      { api: new ScriptedKubeApi(), clock, logger, random: () => 1 },
      { resource: SECRETS },
    );
    const stop = new AbortController();
    const synced = informer.whenSynced(stop.signal);
    stop.abort(new Error('SIGTERM'));
    await expect(synced).rejects.toThrow('SIGTERM');
  });

  test('follows the watch', async () => {
    const { informer, changes, watch } = await running([anObject('x', 3)]);
    watch()?.send({ type: 'ADDED', object: anObject('y', 11) });
    watch()?.send({ type: 'MODIFIED', object: anObject('x', 12) });
    watch()?.send({ type: 'DELETED', object: anObject('y', 13) });
    expect(changes).toEqual(['a/y none->11', 'a/x 3->12', 'a/y 11->none']);
    expect(informer.all()).toHaveLength(1);
    expect(informer.inNamespace('a')).toHaveLength(1);
    expect(informer.inNamespace('b')).toEqual([]);
  });

  test('an index follows the changes of its objects', async () => {
    const { informer, watch } = await running([
      anObject('x', 3, { c: 'red' }),
      anObject('y', 4, { c: 'red' }),
    ]);
    expect(informer.byIndex('color', 'red')).toHaveLength(2);
    watch()?.send({ type: 'MODIFIED', object: anObject('x', 11, { c: 'blue' }) });
    expect(informer.byIndex('color', 'red').map(({ metadata }) => metadata.name)).toEqual(['y']);
    expect(informer.byIndex('color', 'blue').map(({ metadata }) => metadata.name)).toEqual(['x']);
    expect(() => informer.byIndex('size', '1')).toThrow('bug: no index size');
  });

  test('goes on from the last version after a break, a bookmark included', async () => {
    const { api, clock, watch } = await running([]);
    watch()?.send({ type: 'BOOKMARK', resourceVersion: '77' });
    watch()?.end(broken);
    await clock.advance(250);
    expect(watch()?.fromVersion).toBe('77');
    expect(api.listed).toBe(1);
  });

  test('lists again when its version is too old, and notices what vanished meanwhile', async () => {
    const { api, clock, changes, watch } = await running([
      anObject('x', 3),
      anObject('y', 4),
      anObject('z', 5),
    ]);
    api.lists = [{ items: [anObject('y', 4), anObject('z', 8)], resourceVersion: '90' }];
    watch()?.end(expired);
    await clock.advance(250);
    expect(changes.toSorted()).toEqual(['a/x 3->none', 'a/z 5->8']);
    expect(watch()?.fromVersion).toBe('90');
  });

  test('lists again when versions go back, as after the restore of a backup', async () => {
    const { api, clock, informer, watch } = await running([anObject('x', 9)]);
    api.lists = [{ items: [anObject('x', 2)], resourceVersion: '5' }];
    watch()?.send({ type: 'BOOKMARK', resourceVersion: '6' });
    await clock.advance(250);
    expect(informer.get('a/x')?.metadata.resourceVersion).toBe('2');
  });

  test('waits longer after each failure, logs the first, and starts anew after a watch that held', async () => {
    const { api, clock, lines, watch } = await running([]);
    await clock.advance(5_000);
    api.failWatch = broken;
    watch()?.end(broken);
    const failedMs = clock.monotonicMs();
    await clock.advance(250 + 500 + 1000 + 2000 + 4000 + 8000 + 15_000);
    expect(lines.filter((line) => line.includes('watch interrupted'))).toHaveLength(1);
    api.failWatch = undefined;
    const opened = api.watches.length;
    await clock.advance(15_000);
    expect(api.watches.length).toBe(opened + 1);
    expect(clock.monotonicMs() - failedMs).toBe(45_750);
    await clock.advance(5_000);
    watch()?.end(broken);
    await clock.advance(250);
    expect(api.watches.length).toBe(opened + 2);
  });

  test('a server that ends every watch at once is not hammered', async () => {
    const { api, clock, watch } = await running([]);
    for (let round = 0; round < 6; round++) {
      watch()?.end();
      await clock.advance(15_000);
    }
    watch()?.end();
    await clock.advance(14_999);
    const before = api.watches.length;
    await clock.advance(1);
    expect(api.watches.length).toBe(before);
    expect(before).toBe(8);
  });

  test('tells since when it may have missed something', async () => {
    const { api, clock, informer, watch } = await running([]);
    await clock.advance(7_000);
    expect(informer.staleSinceMs()).toBeUndefined();
    expect(informer.lastContactMs()).toBe(0);
    api.failWatch = broken;
    watch()?.end(broken);
    await clock.advance(1_000);
    expect(informer.staleSinceMs()).toBe(7_000);
  });

  test('a handler that throws is logged and stops nothing', async () => {
    const { informer, lines, watch } = await running([]);
    informer.onChange(() => {
      throw new Error('oops');
    });
    watch()?.send({ type: 'ADDED', object: anObject('y', 11) });
    watch()?.send({ type: 'ADDED', object: anObject('z', 12) });
    expect(informer.all()).toHaveLength(2);
    expect(lines.filter((line) => line.includes('oops'))).toHaveLength(2);
  });

  test('a handler that comes late learns of what is known', async () => {
    const { informer } = await running([anObject('x', 3)]);
    const late: string[] = [];
    informer.onChange((change) => late.push(describeChange(change)));
    expect(late).toEqual(['a/x none->3']);
  });

  test('stops at once and leaves no timer', async () => {
    const { clock, run, stop, watch } = await running([]);
    watch()?.end(broken);
    await clock.advance(0);
    stop.abort();
    await run;
    expect(clock.pending).toBe(0);
  });
});

describe('own writes', () => {
  test('are seen at once, and older events on their way do not undo them', async () => {
    const { informer, changes, watch } = await running([anObject('x', 3)]);
    informer.noteWrite(anObject('x', 12));
    expect(informer.get('a/x')?.metadata.resourceVersion).toBe('12');
    watch()?.send({ type: 'MODIFIED', object: anObject('x', 11) });
    expect(informer.get('a/x')?.metadata.resourceVersion).toBe('12');
    watch()?.send({ type: 'MODIFIED', object: anObject('x', 12) });
    watch()?.send({ type: 'MODIFIED', object: anObject('x', 14) });
    expect(changes).toEqual(['a/x 3->12', 'a/x 12->14']);
  });

  test('that the watch has passed are not taken: the object may be gone again', async () => {
    const { informer, watch } = await running([]);
    watch()?.send({ type: 'ADDED', object: anObject('x', 11) });
    watch()?.send({ type: 'DELETED', object: anObject('x', 12) });
    informer.noteWrite(anObject('x', 11));
    expect(informer.get('a/x')).toBeUndefined();
  });

  test('that left the scope are forgotten when the watch passes them', async () => {
    const { informer, changes, watch } = await running([]);
    informer.noteWrite(anObject('x', 12));
    watch()?.send({ type: 'BOOKMARK', resourceVersion: '11' });
    expect(informer.get('a/x')).toBeDefined();
    watch()?.send({ type: 'BOOKMARK', resourceVersion: '12' });
    expect(changes).toEqual(['a/x none->12', 'a/x 12->none']);
  });

  test('survive a list that is older, but not one that is newer', async () => {
    const { api, clock, informer, watch } = await running([anObject('x', 3)]);
    informer.noteWrite(anObject('x', 95));
    informer.noteWrite(anObject('y', 96));
    api.lists = [{ items: [anObject('x', 3)], resourceVersion: '90' }];
    watch()?.end(expired);
    await clock.advance(250);
    expect(informer.all().map(({ metadata }) => metadata.resourceVersion)).toEqual(['95', '96']);
    api.lists = [{ items: [anObject('x', 97)], resourceVersion: '99' }];
    watch()?.end(expired);
    await clock.advance(500);
    expect(informer.all().map(({ metadata }) => metadata.resourceVersion)).toEqual(['97']);
  });

  test('that nothing confirms do not hide the truth for ever', async () => {
    const { clock, informer, watch } = await running([]);
    informer.noteWrite(anObject('x', 9_000));
    await clock.advance(30_000);
    watch()?.send({ type: 'MODIFIED', object: anObject('x', 20) });
    expect(informer.get('a/x')?.metadata.resourceVersion).toBe('20');
  });
});
