import { describe, expect, it } from 'vitest';
import { eventsBetween } from '../../../../../images/controller/src/status/endpoint-events.ts';
import type { EndpointStatus, Status } from '../../../../../images/controller/src/status/status.ts';
import { aCondition } from '../../../../support/builders.ts';

const endpoint = (podName: string, ready: boolean, message?: string): EndpointStatus => ({
  podName,
  ready,
  probesSuccessful: ready,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  ...(message === undefined ? {} : { message }),
});
const rejected = aCondition({
  type: 'Accepted',
  status: 'False',
  reason: 'InvalidSpec',
  message: 'spec: wrong',
});
const ready = (status: 'True' | 'False') => aCondition({ type: 'Ready', status, reason: `R${status}` });
const failOpen = (status: 'True' | 'False') => aCondition({ type: 'FailOpen', status, reason: `F${status}` });

describe('eventsBetween', () => {
  it.each<{ name: string; before: Status; after: Status; want: readonly string[] }>([
    {
      name: 'nothing',
      before: { conditions: [ready('True')] },
      after: { conditions: [ready('True')] },
      want: [],
    },
    {
      name: 'a rejected object',
      before: {},
      after: { conditions: [rejected] },
      want: ['Warning InvalidSpec'],
    },
    {
      name: 'a created child Service',
      before: {},
      after: { conditions: [aCondition({ type: 'ChildServiceReady', reason: 'ChildServiceWasCreated' })] },
      want: ['Normal ChildServiceWasCreated'],
    },
    {
      name: 'an object without endpoints yet',
      before: {},
      after: { conditions: [ready('False')] },
      want: [],
    },
    {
      name: 'lost readiness',
      before: { conditions: [ready('True')] },
      after: { conditions: [ready('False')] },
      want: ['Warning RFalse'],
    },
    {
      name: 'a fail-open policy in force',
      before: { conditions: [failOpen('False')] },
      after: { conditions: [failOpen('True')] },
      want: ['Warning FTrue'],
    },
    {
      name: 'a fail-open policy no longer in force',
      before: { conditions: [failOpen('True')] },
      after: { conditions: [failOpen('False')] },
      want: ['Normal FFalse'],
    },
    {
      name: 'endpoints that come, go and change',
      before: { endpointStatuses: [endpoint('a', true), endpoint('b', false), endpoint('gone', true)] },
      after: {
        endpointStatuses: [
          endpoint('a', false, 'x'),
          endpoint('b', true),
          endpoint('c', false),
          endpoint('d', true),
        ],
      },
      want: ['Warning EndpointNotReady', 'Normal EndpointReady', 'Normal EndpointReady'],
    },
  ])('tells $name', ({ before, after, want }) => {
    expect(eventsBetween(before, after).map(({ type, reason }) => `${type} ${reason}`)).toEqual(want);
  });

  it('names the pod and the reason', () => {
    const after = { endpointStatuses: [endpoint('a', false, 'TCP 8080 refused the connection')] };
    expect(eventsBetween({ endpointStatuses: [endpoint('a', true)] }, after)).toEqual([
      {
        type: 'Warning',
        reason: 'EndpointNotReady',
        action: 'Probe',
        note: 'pod a is not ready: TCP 8080 refused the connection',
      },
    ]);
  });
});
