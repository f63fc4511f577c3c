import { describe, expect, it } from 'vitest';
import { publicationOf } from '#lib/core/slice/publication.ts';
import { aCondition, anSwh, type SwhGiven } from '../../../../support/builders.ts';

const because = (reason: string) => aCondition({ type: 'ChildServiceReady', status: 'False', reason });
const conflict = because('ChildServiceConflict');

describe('publicationOf', () => {
  const cases: readonly { name: string; given: SwhGiven; want: string }[] = [
    { name: 'a ready child Service', given: {}, want: 'publish' },
    {
      name: 'a child Service that could not be written for another reason',
      given: {
        conditions: [
          aCondition({ type: 'ChildServiceReady', status: 'False', reason: 'ChildServiceWasNotCreated' }),
        ],
      },
      want: 'publish',
    },
    { name: 'somebody else’s Service', given: { conditions: [conflict] }, want: 'withdraw' },
    {
      name: 'somebody else’s Service while deleting',
      given: { conditions: [conflict], isDeleting: true },
      want: 'withdraw',
    },
    { name: 'a take-over', given: { conditions: [because('ChildServiceAdopting')] }, want: 'agree' },
    {
      name: 'deletion during a take-over',
      given: { conditions: [because('ChildServiceAdopting')], isDeleting: true },
      want: 'withdraw',
    },
    {
      name: 'deletion during a take-over, the Service to be given back',
      given: {
        conditions: [because('ChildServiceAdopting')],
        isDeleting: true,
        deletionPolicy: 'Retain' as const,
      },
      want: 'agree',
    },
    {
      name: 'giving back while deleting',
      given: { conditions: [because('ChildServiceHandingOver')], isDeleting: true },
      want: 'agree',
    },
    {
      name: 'a Service given back',
      given: { conditions: [because('ChildServiceHandedOver')] },
      want: 'withdraw',
    },
    { name: 'a controller that has not spoken', given: { conditions: [] }, want: 'hold' },
    { name: 'another condition only', given: { conditions: [aCondition({ type: 'Ready' })] }, want: 'hold' },
    { name: 'deletion', given: { isDeleting: true }, want: 'hold' },
    { name: 'type ExternalName', given: { service: { type: 'ExternalName' } }, want: 'withdraw' },
  ];
  it.each(cases)('$name: $want', ({ given, want }) => {
    expect(publicationOf(anSwh(given))).toBe(want);
  });
});
