import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../../support/compact-heap-main.ts', import.meta.url));

interface Figures {
  readonly kept: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  /** What each of three collections has told. */
  readonly isWorthAnother: readonly boolean[];
}

function run(flags: readonly string[]): Figures {
  // The program prints this.
  return JSON.parse(execFileSync(process.execPath, [...flags, PROGRAM], { encoding: 'utf8' })) as Figures;
}

test('gives memory back that is in holes', () => {
  const { heapTotal, heapUsed, isWorthAnother } = run(['--expose-gc', '--max-semi-space-size=1']);
  // Collections without it leave half as much again.
  expect(heapTotal).toBeLessThan(1.3 * heapUsed);
  expect([isWorthAnother[0], isWorthAnother[2]]).toEqual([true, false]);
});

test('does not fail where Node was not asked to let it', () => {
  const { kept, isWorthAnother } = run([]);
  expect(kept).toBeGreaterThan(300_000);
  expect(isWorthAnother).toEqual([false, false, false]);
});
