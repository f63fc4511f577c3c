import { describe, expect, it } from 'vitest';
import type { EndpointSlice, KubernetesObject, Pod } from '#lib/core/kubernetes.ts';
import { keyOf } from '#lib/core/kubernetes.ts';
import { isEmpty } from '#lib/core/plan.ts';
import type { Probe } from '#lib/core/probe/probe.ts';
import type { Lister } from '#lib/kube/kube-api.ts';
import { EndpointVerdicts } from '#lib/probe/endpoint-verdicts.ts';
import { SliceReconciler } from '../../../../images/agent/src/slice-reconciler.ts';
import type { StoredSwh } from '../../../../images/agent/src/swh-store.ts';
import {
  aCondition,
  aNode,
  anEndpoint,
  anHttpProbe,
  anSwh,
  aPod,
  aSlice,
  aTcpProbe,
} from '../../../support/builders.ts';
import { PoolFixture } from '../../lib/probe/probe-fixture.ts';
import { REFUSED } from '../../lib/probe/scripted-prober.ts';

const KEY = 'default/web';

function lister<T extends KubernetesObject>(objects: () => readonly T[]): Lister<T> {
  return {
    hasSynced: () => true,
    get: (key) => objects().find((object) => keyOf(object) === key),
    all: objects,
    inNamespace: (namespace) => objects().filter(({ metadata }) => metadata.namespace === namespace),
  };
}

/** One agent's view of the world: change the fields, then plan. */
class World {
  readonly base = new PoolFixture();
  pods: readonly Pod[] = [aPod()];
  slices: readonly EndpointSlice[] = [];
  stored: StoredSwh | undefined = { kind: 'accepted', swh: anSwh({ healthcheck: { initialDelayMs: 0 } }) };
  secrets: readonly string[] = [];
  readonly changes: string[] = [];
  readonly #verdicts: EndpointVerdicts;
  readonly #reconciler: SliceReconciler;

  constructor() {
    this.#verdicts = new EndpointVerdicts({
      ...this.base.deps,
      onChange: (owner) => void this.changes.push(owner),
      onTransition: () => undefined,
    });
    this.#reconciler = new SliceReconciler({
      nodeName: 'node-1',
      store: { get: () => this.stored },
      pods: lister(() => this.pods),
      slices: lister(() => this.slices),
      nodes: lister(() => [aNode()]),
      verdicts: this.#verdicts,
      secrets: {
        require: (_owner, refs) => {
          this.secrets = refs.map(({ name }) => name);
        },
      },
    });
  }

  get targets(): number {
    return this.#verdicts.size;
  }

  plan() {
    return this.#reconciler.plan(KEY);
  }

  /** Plans and lets the slices be what was planned. */
  apply(): void {
    const { create, update, delete: gone } = this.plan();
    const next = new Map(update.map((one) => [one.current, one.next]));
    this.slices = [...this.slices.filter((one) => !gone.includes(one)), ...create].map(
      (one) => next.get(one) ?? one,
    );
  }
}

describe('SliceReconciler', () => {
  it('publishes an endpoint as not ready until its probe has succeeded', async () => {
    const world = new World();
    world.apply();
    expect(world.slices[0]?.endpoints[0]?.conditions?.ready).toBe(false);
    await world.base.clock.advance(500);
    expect(world.changes).toEqual([KEY]);
    world.apply();
    expect(world.slices[0]?.endpoints[0]?.conditions?.ready).toBe(true);
    expect(isEmpty(world.plan())).toBe(true);
  });

  it('after a restart plans nothing for what an earlier process has published', async () => {
    const before = new World();
    before.pods = [aPod(), aPod({ name: 'web-2', ips: ['10.1.0.2'] })];
    before.base.scripted.behave = ({ podName }) => (podName === 'web-2' ? REFUSED : { kind: 'success' });
    before.apply();
    await before.base.clock.advance(60_000);
    before.apply();

    const after = new World();
    after.pods = before.pods;
    after.slices = before.slices;
    after.base.clock.setWallClock('2026-06-01T00:00:00Z');
    after.base.scripted.behave = before.base.scripted.behave;
    expect(isEmpty(after.plan())).toBe(true);
    await after.base.clock.advance(60_000);
    expect([isEmpty(after.plan()), after.changes]).toEqual([true, []]);
  });

  it('stops probing and leaves the slices to the garbage collector when the object is gone', () => {
    const world = new World();
    world.apply();
    world.stored = undefined;
    expect([isEmpty(world.plan()), world.targets]).toEqual([true, 0]);
  });

  it('freezes the slices of a rejected object', () => {
    const world = new World();
    world.stored = { kind: 'rejected', uid: 'uid-web' };
    world.slices = [aSlice()];
    expect(isEmpty(world.plan())).toBe(true);
  });

  it('drops endpoints of a rejected object whose pods are gone', () => {
    const world = new World();
    world.stored = { kind: 'rejected', uid: 'uid-web' };
    const gone = anEndpoint({ podName: 'web-9', address: '10.1.0.9' });
    world.slices = [aSlice({ endpoints: [anEndpoint(), gone] })];
    expect(world.plan().update[0]?.next.endpoints).toEqual([anEndpoint()]);
  });

  it('touches no slice of another object', () => {
    const world = new World();
    world.stored = { kind: 'rejected', uid: 'uid-web' };
    world.pods = [];
    world.slices = [aSlice({ swhName: 'other', swhUid: 'uid-other' })];
    expect(isEmpty(world.plan())).toBe(true);
  });

  it('publishes what fails while the fail-open policy is in force', () => {
    const world = new World();
    const conditions = [
      aCondition({ type: 'ChildServiceReady' }),
      aCondition({ type: 'FailOpen', status: 'True' }),
    ];
    const failOpen = { type: 'MinimumReady', minimum: 1 } as const;
    world.stored = {
      kind: 'accepted',
      swh: anSwh({ healthcheck: { initialDelayMs: 0, failOpen }, conditions }),
    };
    world.apply();
    expect(world.slices[0]?.endpoints[0]?.conditions?.ready).toBe(true);
  });

  it('follows the Secrets of an object only while it has pods here', () => {
    const world = new World();
    const { successThreshold, failureThreshold, timeoutMs, port } = aTcpProbe();
    const probe = { successThreshold, failureThreshold, timeoutMs, port } as const;
    const probes: readonly Probe[] = [
      { ...probe, kind: 'postgresql', query: 'select 1', secretName: 'login' },
      anHttpProbe({ scheme: 'HTTPS', clientCertSecretName: 'client' }),
      anHttpProbe({ clientCertSecretName: 'not-used' }),
    ];
    world.stored = { kind: 'accepted', swh: anSwh({ healthcheck: { initialDelayMs: 0, probes } }) };
    world.plan();
    expect(world.secrets).toEqual(['login', 'client']);
    world.pods = [];
    world.plan();
    expect(world.secrets).toEqual([]);
  });
});
