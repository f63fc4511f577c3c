import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Pod } from '#lib/core/kubernetes.ts';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import { writeUrgency } from '#lib/core/slice/write-urgency.ts';
import { anSwh, aPod, aVerdict, type PodGiven, type SwhGiven } from '../../../../support/builders.ts';
import { planInput, publish, verdictsBy } from '../../../../support/slice-planning.ts';

const DOWN = aVerdict({ isUp: false, failed: [{ index: 0, probe: 'tcp', message: 'refused' }] });

/** Pods with names, addresses and uids of their own, by what is special about each. */
interface World {
  readonly pods: readonly PodGiven[];
  readonly verdicts?: Readonly<Record<string, EndpointVerdict>>;
  readonly swh?: SwhGiven;
}

function inputOf({ pods, verdicts = {}, swh = {} }: World, existing: readonly EndpointSlice[]) {
  const all: readonly Pod[] = pods.map((given, index) =>
    aPod({ name: `web-${index}`, ips: [`10.1.0.${index + 1}`], ...given }),
  );
  const up = Object.fromEntries(all.map(({ metadata }) => [metadata.uid, aVerdict()]));
  const verdictOf = verdictsBy({ ...up, ...verdicts });
  return planInput({ pods: all, existing, verdictOf, swh: anSwh(swh) });
}

function urgencyOfChange(before: World, after: World): string {
  const existing = publish(inputOf(before, []));
  return writeUrgency(existing, planSlices(inputOf(after, existing)));
}

const ready: PodGiven = {};
const unready: PodGiven = { isReady: false };
const terminating: PodGiven = { isTerminating: true };

describe('the urgency of a write', () => {
  it.each<{ name: string; before: World; after: World; want: string }>([
    {
      name: 'an endpoint whose probe fails',
      before: { pods: [ready, ready] },
      after: { pods: [ready, ready], verdicts: { 'uid-web-1': DOWN } },
      want: 'atOnce',
    },
    {
      name: 'an endpoint whose container is not ready any more',
      before: { pods: [ready, ready] },
      after: { pods: [ready, unready] },
      want: 'atOnce',
    },
    {
      name: 'a pod that is gone without a word',
      before: { pods: [ready, ready] },
      after: { pods: [ready] },
      want: 'atOnce',
    },
    {
      name: 'a failure beside an endpoint that is on its way out',
      before: { pods: [ready, ready, ready] },
      after: { pods: [ready, terminating, ready], verdicts: { 'uid-web-2': DOWN } },
      want: 'atOnce',
    },
    {
      name: 'an endpoint that terminates and does not serve any more',
      before: { pods: [ready, ready] },
      after: { pods: [ready, { ...terminating, ...unready }] },
      want: 'atOnce',
    },
    {
      name: 'the first endpoint that is ready',
      before: { pods: [unready] },
      after: { pods: [ready] },
      want: 'atOnce',
    },
    { name: 'the first endpoint at all', before: { pods: [] }, after: { pods: [ready] }, want: 'atOnce' },
    {
      name: 'another port',
      before: { pods: [ready, ready] },
      after: {
        pods: [ready, ready],
        swh: { service: { ports: [{ name: 'http', port: 80, targetPort: 9 }] } },
      },
      want: 'atOnce',
    },
    {
      name: 'labels that consumers read',
      before: { pods: [ready] },
      after: { pods: [ready], swh: { service: { clusterIP: 'None' } } },
      want: 'atOnce',
    },
    {
      name: 'an endpoint that becomes ready beside another',
      before: { pods: [ready, unready] },
      after: { pods: [ready, ready] },
      want: 'soon',
    },
    {
      name: 'an endpoint that still serves and terminates',
      before: { pods: [ready, ready] },
      after: { pods: [ready, terminating] },
      want: 'soon',
    },
    {
      name: 'the last endpoint, still serving, that terminates',
      before: { pods: [ready] },
      after: { pods: [terminating] },
      want: 'soon',
    },
    {
      name: 'a pod that comes and is not ready',
      before: { pods: [ready] },
      after: { pods: [ready, unready] },
      want: 'later',
    },
    {
      name: 'a terminating pod that is gone',
      before: { pods: [ready, terminating] },
      after: { pods: [ready] },
      want: 'later',
    },
    {
      name: 'another reason of a failure',
      before: { pods: [ready, ready], verdicts: { 'uid-web-1': DOWN } },
      after: {
        pods: [ready, ready],
        verdicts: {
          'uid-web-1': { ...DOWN, failed: [{ index: 0, probe: 'tcp', message: 'timeout' }] },
        },
      },
      want: 'later',
    },
  ])('$name: $want', ({ before, after, want }) => {
    expect(urgencyOfChange(before, after)).toBe(want);
  });
});
