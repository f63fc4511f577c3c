import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { historyOf, replay } from '../../dev/oracle/history.ts';
import { runOracle, runSteps } from '../../dev/oracle/oracle.ts';
import { PROBE_MODES, type ProbeMode } from '../../dev/oracle/probe-mode.ts';
import { failureText } from '../../dev/oracle/report.ts';
import { type Rig, startRig } from '../../dev/oracle/rig.ts';
import { ORACLE_CASES } from './oracle-cases.ts';

/** The law: consumers learn the same from a Service and from its twin. `npm run oracle` takes far more steps. */

const DEADLINE_MS = 15_000;

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
  { name: 'without probes', mode: PROBE_MODES.none, steps: 300 },
  { name: 'with probes that pass', mode: PROBE_MODES.passing, steps: 100 },
  { name: 'with probes that fail', mode: PROBE_MODES.failing, steps: 100 },
])('a Service and its twin $name', ({ mode, steps }) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ mode, programs: 'built' });
  }, 60_000);
  afterAll(() => rig?.stop(), 30_000);

  test('say the same after every random step', async () => {
    expect(await failuresOf(rig, steps, 42)).toEqual([]);
  });

  if (mode === PROBE_MODES.none) {
    test.each(ORACLE_CASES.map((one, index) => ({ ...one, number: 1_000 + index })))(
      'say the same: $name',
      async ({ steps: given, number }) => {
        const outcome = await runSteps(rig, { steps: replay(given), number, deadlineMs: DEADLINE_MS });
        expect(failureText({ seed: number, outcome })).toBe(`seed ${number}: ${given.length} steps agreed`);
      },
    );
  }

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
