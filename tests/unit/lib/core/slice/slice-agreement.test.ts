import { describe, expect, it } from 'vitest';
import { probeResultsOf } from '#lib/core/slice/probe-results.ts';
import { aPod, aVerdict } from '../../../../support/builders.ts';
import { planInput, publish } from '../../../../support/slice-planning.ts';

/** What is published of one pod beside the standard controllers. */
function published(given: Parameters<typeof aPod>[0], isUp: boolean) {
  const slices = publish(
    planInput({ publication: 'agree', pods: [aPod(given)], verdictOf: () => aVerdict({ isUp }) }),
  );
  return slices.map((slice) => ({
    endpoints: slice.endpoints.length,
    verdicts: Object.values(probeResultsOf(slice)?.pods ?? {}).map((verdict) => verdict.isUp),
  }));
}

describe('publication beside the standard controllers', () => {
  const containerStatuses = [{ name: 'main', ready: true }];
  it.each([
    { name: 'a pod that both find ready is shown', given: {}, isUp: true, endpoints: 1 },
    { name: 'a failing pod is left out', given: {}, isUp: false, endpoints: 0 },
    {
      name: 'a pod that only we find ready is left out',
      given: { isReady: false, containerStatuses },
      isUp: true,
      endpoints: 0,
    },
    { name: 'a terminating pod is left out', given: { isTerminating: true }, isUp: true, endpoints: 0 },
  ])('$name, and its verdict is told', ({ given, isUp, endpoints }) => {
    expect(published(given, isUp)).toEqual([{ endpoints, verdicts: [isUp] }]);
  });
});
