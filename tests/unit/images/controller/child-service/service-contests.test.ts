import { describe, expect, it } from 'vitest';
import type { Service } from '#lib/core/kubernetes.ts';
import {
  CONTEST_MS,
  createServiceContests,
} from '../../../../../images/controller/src/child-service/service-contests.ts';
import { FakeClock } from '../../../../support/fake-clock.ts';

const UID = 'uid-web';

interface Given {
  readonly ownerUid?: string | undefined;
  readonly kind?: string;
  readonly selector?: Readonly<Record<string, string>>;
}

function service({ ownerUid = UID, kind = 'ServiceWithHealthchecks', selector }: Given = {}): Service {
  const owner = { apiVersion: 'network.deckhouse.io/v1alpha1', kind, name: 'web', uid: ownerUid };
  return {
    metadata: {
      namespace: 'default',
      name: 'web',
      annotations: { 'meta.helm.sh/release-name': 'shop' },
      ...(ownerUid === '' ? {} : { ownerReferences: [{ ...owner, controller: true }] }),
    },
    spec: { ports: [], ...(selector === undefined ? {} : { selector }) },
  };
}

const selector = { app: 'web' };

function setUp(previous: Service | undefined, current: Service | undefined) {
  const clock = new FakeClock();
  const contests = createServiceContests(clock);
  contests.note('default/web', previous, current);
  return { clock, contest: (uid = UID) => contests.of('default/web', uid) };
}

describe('createServiceContests', () => {
  it('remembers who set the selector of a child, for a while', async () => {
    const { clock, contest } = setUp(service(), service({ selector }));
    expect(contest()).toMatchObject({ at: clock.now(), tool: 'Helm release shop' });
    await clock.advance(CONTEST_MS - 1);
    expect(contest()).toBeDefined();
    await clock.advance(1);
    expect(contest()).toBeUndefined();
  });

  it('belongs to the object that had the child then', () => {
    expect(setUp(service(), service({ selector })).contest('uid-of-a-successor')).toBeUndefined();
  });

  it.each([
    { name: 'a new Service', previous: undefined, current: service({ selector }) },
    { name: 'a deleted Service', previous: service({ selector }), current: undefined },
    {
      name: 'a selector that changes',
      previous: service({ selector: { app: 'x' } }),
      current: service({ selector }),
    },
    {
      name: 'a Service of nobody',
      previous: service({ ownerUid: '' }),
      current: service({ ownerUid: '', selector }),
    },
    {
      name: 'a Service that is given back',
      previous: service(),
      current: service({ ownerUid: '', selector }),
    },
    {
      name: 'a Service of another kind of owner',
      previous: service({ kind: 'Gateway' }),
      current: service({ kind: 'Gateway', selector }),
    },
    { name: 'another change of a child', previous: service(), current: service() },
  ])('takes no notice of $name', ({ previous, current }) => {
    expect(setUp(previous, current).contest()).toBeUndefined();
  });
});
