import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consumersSay } from '../../dev/oracle/consumers.ts';
import { historyOf, replay } from '../../dev/oracle/history.ts';
import { runOracle, runSteps } from '../../dev/oracle/oracle.ts';
import type { Pair } from '../../dev/oracle/pair.ts';
import { PROBE_MODES, type ProbeMode } from '../../dev/oracle/probe-mode.ts';
import { failureText } from '../../dev/oracle/report.ts';
import { type Rig, startRig } from '../../dev/oracle/rig.ts';
import { waitFor } from '../../dev/process/wait-for.ts';
import { ORACLE_CASES } from './oracle-cases.ts';
import { CONSUMER_CASES, stepsOf } from './oracle-consumer-cases.ts';

/** The law: consumers learn the same from a Service and from its twin. `npm run oracle` takes far more steps. */

const DEADLINE_MS = 60_000;

/** Failures of so many random steps, as text. */
async function failuresOf(rig: Rig, steps: number, seed: number): Promise<readonly string[]> {
  const result = await runOracle(rig, {
    steps,
    seed,
    pairs: 8,
    stepsPerHistory: 25,
    deadlineMs: DEADLINE_MS,
    onHistory: () => undefined,
  });
  expect(result.steps).toBeGreaterThanOrEqual(steps);
  return result.failed.map(failureText);
}

describe.each<{ name: string; mode: ProbeMode; steps: number }>([
  { name: 'without probes', mode: PROBE_MODES.none, steps: 225 },
  { name: 'with probes that pass', mode: PROBE_MODES.passing, steps: 75 },
  { name: 'with probes that fail', mode: PROBE_MODES.failing, steps: 75 },
])('a Service and its twin $name', ({ mode, steps }) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ mode, programs: 'built', consumers: mode === PROBE_MODES.passing });
  }, 60_000);
  afterAll(() => rig?.stop(), 30_000);

  if (mode === PROBE_MODES.none) {
    test.each(ORACLE_CASES.map((one, index) => ({ ...one, number: 1_000 + index })))(
      'say the same: $name',
      async ({ steps: given, number }) => {
        const outcome = await runSteps(rig, { steps: replay(given), number, deadlineMs: DEADLINE_MS });
        expect(failureText({ seed: number, outcome })).toBe(`seed ${number}: ${given.length} steps agreed`);
      },
    );
  }

  if (mode === PROBE_MODES.passing) {
    test.each(CONSUMER_CASES.map((one, index) => ({ ...one, number: 3_000 + index })))(
      'are the same to kube-proxy and CoreDNS: $name',
      async ({ number, ...one }) => {
        const atRest = (pair: Pair) => sameToConsumers(rig, pair, one.want);
        const steps = replay(stepsOf(one, rig.block));
        const outcome = await runSteps(rig, { steps, number, deadlineMs: DEADLINE_MS, atRest });
        expect(failureText({ seed: number, outcome })).toBe(`seed ${number}: 1 steps agreed`);
      },
    );
  }

  // After the cases, because it leaves the nodes as they came.
  test('say the same after every random step', async () => {
    expect(await failuresOf(rig, steps, 42)).toEqual([]);
  });

  if (mode === PROBE_MODES.failing) {
    test('would be told apart if the twin had to be as ready as its Service', async () => {
      const strict: Rig = { ...rig, mode: { ...mode, demandedOf: (plain) => plain } };
      const history = historyOf({ seed: 1, length: 10, block: rig.block });
      const outcome = await runSteps(strict, { steps: history, number: 2_000, deadlineMs: 2_000 });
      expect(outcome).toMatchObject({ kind: 'differed', judgement: { plain: [] } });
      expect(failureText({ seed: 1, outcome })).toMatch(
        /the twin against .* serving: wanted true, got false/,
      );
    });
  }
});

/** Waits until they do, because kube-proxy writes its rules once a second. */
async function sameToConsumers(
  rig: Rig,
  { namespaces: [plain, twin] }: Pair,
  want: readonly RegExp[],
): Promise<void> {
  const probe = async (): Promise<true> => {
    const [ofPlain, ofTwin] = await Promise.all([consumersSay(rig, plain), consumersSay(rig, twin)]);
    expect(ofTwin).toEqual(ofPlain);
    expect(ofPlain).toEqual(expect.arrayContaining(want.map((pattern) => expect.stringMatching(pattern))));
    return true;
  };
  const isSame = waitFor('the consumers to agree', probe, { deadlineMs: DEADLINE_MS, intervalMs: 250 });
  // Once more, for the difference itself.
  await isSame.catch(probe);
}
