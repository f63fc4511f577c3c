import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../../support/shortage-main.ts', import.meta.url));

interface Report {
  readonly flips: number;
  readonly during: readonly string[];
  readonly verdicts: readonly string[];
  readonly samples: readonly string[];
}

interface Shown {
  readonly log: readonly { readonly msg: string; readonly level: string; readonly reason: string }[];
  readonly report: Report;
}

async function run(command: string, ...args: readonly string[]): Promise<Shown> {
  const { stdout } = await promisify(execFile)(command, args, { timeout: 120_000 });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  // Written by our own program: its log, then its report.
  return { log: lines.slice(0, -1) as Shown['log'], report: lines.at(-1) as Report };
}

const ALL_UP = Array.from({ length: 10 }, () => 'up');

function expectShortage({ log, report }: Shown, reason: string): void {
  expect(report).toMatchObject({ flips: 0, during: ALL_UP, verdicts: ALL_UP });
  expect(log).toMatchObject([{ level: 'warn', msg: 'probes cannot be made', reason }]);
  const sample = report.samples.find((one) => one.includes(`reason="${reason}"`)) ?? '';
  expect(Number(sample.split(' ').at(-1))).toBeGreaterThanOrEqual(30);
}

describe('no endpoint changes, a metric counts and one line is logged', () => {
  test('when the limit of open files is reached', async () => {
    expectShortage(
      await run('prlimit', '--nofile=160', process.execPath, PROGRAM, 'descriptors'),
      'NoDescriptors',
    );
  });

  test('when no local port is left', async () => {
    const script = 'ip link set lo up && exec "$0" "$@"';
    expectShortage(
      await run('unshare', '--net', 'sh', '-c', script, process.execPath, PROGRAM, 'ports'),
      'NoLocalPorts',
    );
  });
});
