/** `npm test`: checks, builds and runs every suite, then prints one line with the sum of all of them. */
import { parseArgs } from 'node:util';
import { runStep, type Step } from './step.ts';
import { runSuite, SUITES, type Suite, type SuiteName } from './suite.ts';
import type { SuiteResult } from './suite-result.ts';

const HELP = `Usage: npm test [-- OPTION ...]

Checks types, lint, format and architecture, builds dist/, and runs the suites.

  --suite NAME   only this suite (${SUITES.map((suite) => suite.name).join(', ')}); may be given more than once
  --help         this text

The last line is "N passed, N failed", summed over all suites. Exit status 0 only if nothing failed.
The first run builds what the suites run from Go modules: etcd, Kubernetes and the operators take about half an hour on two cores.
`;

/** What must stand before a suite; a step that fails ends the run, because nothing after it means anything. */
const STEPS: readonly Step[] = [
  { name: 'generate', command: 'node', args: ['dev/generate/main.ts'] },
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
  { name: 'lint and format', command: 'biome', args: ['check', '.'] },
  { name: 'build', command: 'node', args: ['dev/build/main.ts'] },
];

process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = chosenSuites();
  if (chosen === 'help') return 0;
  if (chosen === 'wrong') return 2;
  const suites = SUITES.filter(({ name }) => chosen.includes(name));
  for (const step of [...STEPS, ...programsOf(suites)]) {
    if (!(await runStep(step))) {
      console.log('0 passed, 1 failed');
      return 1;
    }
  }
  const results: SuiteResult[] = [];
  for (const suite of suites) results.push(await timedSuite(suite));
  return summary(results);
}

async function timedSuite(suite: Suite): Promise<SuiteResult> {
  const start = performance.now();
  const result = await runSuite(suite);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const { passed, failures, skippedTests } = result;
  console.log(
    `suite ${suite.name}: ${passed} passed, ${failures.length} failed, ${skippedTests.length} skipped, ${seconds} s`,
  );
  return result;
}

/** Says last what went wrong, where nobody has to look for it in the output of all suites. */
function summary(results: readonly SuiteResult[]): number {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failures = results.flatMap((result) => result.failures);
  const skippedTests = results.flatMap((result) => result.skippedTests);
  for (const test of skippedTests) console.log(`skipped: ${test}`);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  const tail = skippedTests.length > 0 ? `, ${skippedTests.length} skipped` : '';
  console.log(`${passed} passed, ${failures.length} failed${tail}`);
  return failures.length === 0 && passed > 0 ? 0 : 1;
}

/** The step that builds what the suites run; none when they run nothing. */
function programsOf(suites: readonly Suite[]): readonly Step[] {
  const programs = [...new Set(suites.flatMap((suite) => suite.programs))];
  if (programs.length === 0) return [];
  return [{ name: 'programs', command: 'node', args: ['dev/toolchain/main.ts', ...programs] }];
}

function chosenSuites(): readonly SuiteName[] | 'help' | 'wrong' {
  const known = SUITES.map(({ name }) => name);
  try {
    const { values } = parseArgs({
      options: { suite: { type: 'string', multiple: true }, help: { type: 'boolean' } },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 'help';
    }
    const wanted = values.suite ?? known;
    const wrong = wanted.find((name) => !known.some((one) => one === name));
    if (wrong !== undefined) throw new Error(`no suite ${wrong}; there are ${known.join(', ')}`);
    return known.filter((name) => wanted.includes(name));
  } catch (error) {
    console.error(`npm test: ${error instanceof Error ? error.message : String(error)}`);
    return 'wrong';
  }
}
