import { describe, expect, it } from 'vitest';
import { changeText } from '../../../../dev/oracle/change.ts';
import { type HistoryStep, historyOf, replay } from '../../../../dev/oracle/history.ts';
import { canonicalText } from '../../../../dev/oracle/pod-changes.ts';
import { familiesOf, INITIAL_WORLD, isFinished, type World } from '../../../../dev/oracle/world.ts';

const BLOCK = '198.18';

function someHistories(): readonly (readonly HistoryStep[])[] {
  return Array.from({ length: 40 }, (_, seed) => historyOf({ seed, length: 50, block: BLOCK }));
}

describe('the history of a seed', () => {
  it('is the same every time, and another for another seed', () => {
    const spec = { seed: 7, length: 30, block: BLOCK };
    expect(historyOf(spec)).toEqual(historyOf(spec));
    expect(historyOf({ ...spec, seed: 8 })).not.toEqual(historyOf(spec));
  });

  it('can be replayed from its steps', () => {
    const history = historyOf({ seed: 3, length: 50, block: BLOCK });
    expect(replay(history.map(({ step }) => step))).toEqual(history);
  });

  it('has every kind of change', () => {
    const texts = someHistories()
      .flat()
      .flatMap(({ step }) => step.map(changeText));
    const kinds = new Set(
      texts.map((text) => text.replace(/ (?:pod|node)-\d| \{.*| (?:to|with) .*| of .*/g, '').trim()),
    );
    expect([...kinds].toSorted()).toEqual([
      'addPod',
      'crash',
      'recreateService (headless)',
      'recreateService (the same)',
      'recreateService (with an address)',
      'remakeNode',
      'removePod',
      'replacePod',
      'restart',
      'rezone',
      'terminatePod',
      'updatePod (addresses)',
      'updatePod (gate)',
      'updatePod (labels)',
      'updatePod (phase)',
      'updatePod (readiness)',
      'updatePod (touch)',
      'updateService (annotations)',
      'updateService (families)',
      'updateService (labels)',
      'updateService (policies)',
      'updateService (ports)',
      'updateService (publishNotReadyAddresses)',
      'updateService (selector)',
      'updateService (trafficDistribution)',
    ]);
  });

  it('never gives one address to two pods that run, but for those on the host network', () => {
    for (const { world } of someHistories().flat()) {
      const running = [...world.pods.values()].filter(
        (pod) => !isFinished(pod) && pod.isOnHostNetwork === undefined,
      );
      const addresses = running.flatMap(({ ips }) => ips.map(canonicalText));
      expect(addresses).toHaveLength(new Set(addresses).size);
    }
  });

  it('changes neither address kind nor first family without making the Service anew', () => {
    for (const history of someHistories()) {
      let before: World = INITIAL_WORLD;
      for (const { step, world } of history) {
        const isAnew = step.some(({ kind }) => kind === 'recreateService');
        if (!isAnew) {
          expect(world.service.isHeadless).toBe(before.service.isHeadless);
          expect(familiesOf(world.service)[0]).toBe(familiesOf(before.service)[0]);
        }
        expect(world.service.isHeadless || world.service.ports.length > 0).toBe(true);
        before = world;
      }
    }
  });
});
