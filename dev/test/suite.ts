import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProgramName } from '../toolchain/programs.ts';
import { exitStatus } from './step.ts';
import type { SuiteResult } from './suite-result.ts';
import { TALLY_FILE } from './tally-reporter.ts';

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

/** Runs one suite; a run that dies or ends badly without a failed test counts as one failure. */
export async function runSuite(suite: Suite): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), 'swh-test-'));
  const file = join(folder, 'tally.json');
  const status = await exitStatus('vitest', ['run', `--project=${suite.name}`], { [TALLY_FILE]: file });
  const text = await readFile(file, 'utf8').catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
  const result: SuiteResult =
    text === undefined ? { passed: 0, failures: [], skippedTests: [] } : JSON.parse(text);
  if (status === 0 || result.failures.length > 0) return result;
  return { ...result, failures: [`${suite.name}: the run ended with status ${status} and no failed test`] };
}
