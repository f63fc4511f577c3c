import { writeFile } from 'node:fs/promises';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import type { SuiteResult } from './suite-result.ts';

/** The environment variable that names the file for the result of the run. */
export const TALLY_FILE = 'SWH_TEST_TALLY';

/** Lines of a failure that the summary repeats: enough for its message and where it was thrown. */
const FAILURE_LINES = 8;

/**
 * A reporter of vitest that writes what the run came to, as a {@link SuiteResult} in JSON, where {@link TALLY_FILE} names
 * a file for it. The reporters that vitest brings leave out what failed outside a test: a file that does not load, a
 * set-up or tear-down that throws.
 */
export const tallyReporter: Reporter = {
  async onTestRunEnd(modules, unhandled) {
    const path = process.env[TALLY_FILE];
    if (path !== undefined) await writeFile(path, JSON.stringify(tallyOf(modules, unhandled)));
  },
};

function tallyOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): SuiteResult {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state: string) => tests.filter((test) => test.result().state === state);
  const failures = [
    ...inState('failed').map((test) => failureOf(test, test.result().errors ?? [])),
    ...modules
      .flatMap((module) => [module, ...module.children.allSuites()])
      .filter((holder) => holder.errors().length > 0)
      .map((holder) => failureOf(holder, holder.errors())),
    ...unhandled.map((error) => `outside of the tests\n${textOf([error])}`),
  ];
  const passed = inState('passed').length;
  const skippedTests = tests
    .filter((test) => !['passed', 'failed'].includes(test.result().state))
    .map(whereIs);
  return { passed, failures, skippedTests };
}

function failureOf(failed: TestCase | TestSuite | TestModule, errors: readonly SerializedError[]): string {
  return `${whereIs(failed)}\n${textOf(errors)}`;
}

function whereIs(one: TestCase | TestSuite | TestModule): string {
  if (one.type === 'module') return one.relativeModuleId;
  return `${one.module.relativeModuleId}: ${one.fullName}`;
}

function textOf(errors: readonly SerializedError[]): string {
  const lines = errors.flatMap(({ message, stack }) => (stack ?? message).trim().split('\n'));
  return lines
    .filter((line) => !line.includes('/node_modules/'))
    .slice(0, FAILURE_LINES)
    .map((line) => `    ${line}`)
    .join('\n');
}
