import { describe, expect, it } from 'vitest';
import { isPodServing } from '#lib/core/pod/pod-readiness.ts';
import { trackEndpoints } from '#lib/core/probe/target-tracker.ts';
import { differs, slimPod } from '../../../../images/agent/src/slim-pod.ts';
import { anSwh, aPod, type PodGiven } from '../../../support/builders.ts';

const GIVEN: PodGiven = {
  conditions: [
    { type: 'gate', status: 'True' },
    { type: 'PodScheduled', status: 'True' },
  ],
  spec: {
    readinessGates: [{ conditionType: 'gate' }],
    initContainers: [
      { name: 'once', ports: [{ containerPort: 1 }] },
      { name: 'mesh', restartPolicy: 'Always', ports: [{ containerPort: 2 }] },
    ],
  },
};

describe('slimPod', () => {
  it('is tracked and serves as the whole pod does', () => {
    const pod = aPod(GIVEN);
    const slim = slimPod(pod);
    expect(trackEndpoints(anSwh(), [slim])).toEqual(trackEndpoints(anSwh(), [pod]));
    expect(isPodServing(slim, 'Container', [8080])).toBe(isPodServing(pod, 'Container', [8080]));
  });

  it('keeps no condition or init container that nobody asks for', () => {
    const { spec, status } = slimPod(aPod(GIVEN));
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready', 'gate']);
    expect(spec.initContainers?.map(({ name }) => name)).toEqual(['mesh']);
  });
});

describe('differs', () => {
  const cases: readonly { name: string; given: PodGiven; want: boolean }[] = [
    { name: 'an equal pod', given: {}, want: false },
    { name: 'readiness', given: { isReady: false }, want: true },
    { name: 'labels', given: { labels: { app: 'x' } }, want: true },
    { name: 'addresses', given: { ips: ['10.1.0.2'] }, want: true },
    { name: 'deletion', given: { isTerminating: true }, want: true },
    {
      name: 'a condition that nobody asks for',
      given: { conditions: [{ type: 'x', status: 'True' }] },
      want: false,
    },
  ];
  it.each(cases)('$name', ({ given, want }) => {
    const changed = slimPod(aPod(given));
    const newer = { ...changed, metadata: { ...changed.metadata, resourceVersion: '2' } };
    expect(differs(slimPod(aPod()), newer)).toBe(want);
  });
});
