import { describe, expect, it } from 'vitest';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import { type LostNodeInput, planLostNode } from '#lib/core/slice/lost-node.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import { aNode, anEndpoint, anSwh, aPod, aSlice } from '../../../../support/builders.ts';
import { deepFreeze } from '../../../../support/deep-freeze.ts';
import { applyInMemory } from '../../../../support/in-memory-plan.ts';
import { planInput, publish } from '../../../../support/slice-planning.ts';

const NOTHING = { create: [], update: [], delete: [] };
const leaving = { ready: false, serving: true, terminating: true };
const slice = deepFreeze(
  aSlice({ endpoints: [anEndpoint(), anEndpoint({ podName: 'web-2', conditions: leaving })] }),
);

function input(given: Partial<LostNodeInput> = {}): LostNodeInput {
  return { slices: [slice], nodeExists: true, publishesNotReady: () => false, ...given };
}

describe('planLostNode', () => {
  it.each([
    { name: 'nothing serves nor is ready', publishesNotReady: false, want: false },
    { name: 'publishNotReadyAddresses stays ready', publishesNotReady: true, want: true },
  ])('$name', ({ publishesNotReady, want }) => {
    const [update] = planLostNode(input({ publishesNotReady: () => publishesNotReady })).update;
    expect(update?.current).toBe(slice);
    expect(update?.next.endpoints.map(({ conditions }) => conditions)).toEqual([
      { ready: want, serving: false, terminating: false },
      { ready: want, serving: false, terminating: true },
    ]);
  });

  it('is done after one plan', () => {
    const after = applyInMemory([slice], planLostNode(input()));
    expect(planLostNode(input({ slices: after }))).toEqual(NOTHING);
  });

  it('asks for each slice and leaves those alone that are right', () => {
    const other = aSlice({ name: 'web-b' });
    const plan = planLostNode(
      input({ slices: [slice, other], publishesNotReady: ({ metadata }) => metadata.name === 'web-b' }),
    );
    expect(plan.update.map(({ next }) => next.endpoints[0]?.conditions?.ready)).toEqual([false, true]);
    const empty = aSlice({ endpoints: [] });
    expect(planLostNode(input({ slices: [empty] }))).toEqual(NOTHING);
  });

  it.each([{}, { conditions: { ready: false, serving: false } }])(
    'makes implied conditions explicit',
    (given) => {
      const bare = aSlice({ endpoints: [{ addresses: ['10.1.0.1'], ...given }] });
      const [update] = planLostNode(input({ slices: [bare] })).update;
      expect(update?.next.endpoints[0]?.conditions).toEqual({
        ready: false,
        serving: false,
        terminating: false,
      });
    },
  );

  it.each([
    { publishesNotReady: false, want: undefined },
    { publishesNotReady: true, want: { forZones: [{ name: 'zone-a' }] } },
  ])('takes hints from what is not ready: publishNotReadyAddresses $publishesNotReady', (given) => {
    const hints = { forZones: [{ name: 'zone-a' }] };
    const conditions = { ready: given.publishesNotReady, serving: false, terminating: false };
    const slices = [aSlice({ endpoints: [anEndpoint({ conditions, rest: { hints } })] })];
    const plan = planLostNode({ slices, nodeExists: true, publishesNotReady: () => given.publishesNotReady });
    const after = plan.update[0]?.next ?? slices[0];
    expect(after?.endpoints.map((one) => one.hints)).toEqual([given.want]);
  });

  it('silences and deletes the slices of a node that is gone', () => {
    const { update } = planLostNode(input({}));
    expect(update).toHaveLength(1);
    expect(planLostNode(input({ nodeExists: false }))).toEqual({ ...NOTHING, update, delete: [slice] });
  });

  it('leaves what is published unready to the agent of a node that is gone, until it is deleted', () => {
    const given = input({ nodeExists: false, publishesNotReady: () => true });
    expect(planLostNode(given)).toEqual({ ...NOTHING, delete: [slice] });
    const swh = anSwh({ service: { publishNotReadyAddresses: true } });
    const node = nodeFacts('node-1', undefined);
    const existing = publish(planInput({ swh, node }));
    expect(existing[0]?.endpoints).toHaveLength(1);
    const plan = planLostNode({ ...given, slices: existing });
    expect({ ...plan, delete: [] }).toEqual(NOTHING);
  });

  it('says what an agent of that node would say, so that the two never take turns', () => {
    const pods = [aPod(), aPod({ name: 'web-2', ips: ['10.1.0.2'], isTerminating: true })];
    const existing = publish(planInput({ pods }));
    const after = applyInMemory(existing, planLostNode(input({ slices: existing })));
    const node = nodeFacts('node-1', aNode({ ready: 'Unknown' }));
    expect(planSlices(planInput({ swh: anSwh(), pods, node, existing: after }))).toEqual(NOTHING);
  });
});
