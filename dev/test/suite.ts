import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgramName } from '../toolchain/programs.ts';
import { exitStatus } from './step.ts';

export type SuiteName = 'unit' | 'integration' | 'e2e';

export interface Suite {
  readonly name: SuiteName;
  /** What the suite runs beside the product; built before it starts, where it is not in the cache. */
  readonly programs: readonly ProgramName[];
}

const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;

/** In the order in which they run: the cheap ones first. */
export const SUITES: readonly Suite[] = [
  { name: 'unit', programs: [] },
  { name: 'integration', programs: [...CONTROL_PLANE, 'crane', 'helm', 'shell-operator'] },
  { name: 'e2e', programs: [...CONTROL_PLANE, 'kube-proxy', 'coredns', 'crane', 'addon-operator', 'helm'] },
];

export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly skipReasons: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Runs one suite; a file that does not load and a run that dies count as one failure each. */
export async function runSuite(suite: Suite): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), 'swh-test-'));
  const file = join(folder, 'report.json');
  const status = await exitStatus('vitest', [
    'run',
    `--project=${suite.name}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
  if (text === undefined) return { passed: 0, failed: 1, skipped: 0, skipReasons: [] };
  return resultOf(JSON.parse(text), status);
}

function resultOf(report: Report, status: number): SuiteResult {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  const skipped = report.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => test.status !== 'passed' && test.status !== 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: skipped.length,
    skipReasons: skipped.map((test) => test.fullName),
  };
}
