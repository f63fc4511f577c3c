/** `npm run fuzz`: feeds every reader of what targets send with inputs that no sane target sends. */
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { seededRandom } from './mutator.ts';
import { fuzzOnce } from './subject.ts';
import { SUBJECTS } from './subjects.ts';

const HELP = `Usage: npm run fuzz -- [OPTION ...]

Reads each input at once and in pieces: both must end with the same result, within the bounds of the reader.

  --inputs N     inputs in all, shared among the readers (1000000)
  --seed N       of the inputs (taken from the time)
  --subject TEXT only readers whose name contains it
  --help         this text

Exit status 1 and the inputs in base64 if a reader does not stand them.
`;

const MOST_FINDINGS = 10;
const MOST_GROWN_MEGABYTES = 16;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      subject: { type: 'string', default: '' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const inputs = Number(values.inputs);
  const seed = Number(values.seed);
  const subjects = SUBJECTS.filter(({ name }) => name.includes(values.subject));
  if (!Number.isSafeInteger(inputs) || !Number.isSafeInteger(seed) || subjects.length === 0) {
    console.error('fuzz: --inputs and --seed must be whole numbers, --subject part of the name of a reader');
    return 2;
  }
  console.log(`fuzz: ${inputs} inputs, seed ${seed}`);
  const share = Math.ceil(inputs / subjects.length);
  let failed = 0;
  for (const [index, subject] of subjects.entries()) {
    failed += await fuzz(subject, share, seed + index);
  }
  console.log(`fuzz: ${share * subjects.length} inputs, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function fuzz(subject: (typeof SUBJECTS)[number], inputs: number, seed: number): Promise<number> {
  const random = seededRandom(seed);
  const startedMs = performance.now();
  let failed = 0;
  let before = 0;
  for (let index = 0; index < inputs && failed < MOST_FINDINGS; index++) {
    // By then the code is compiled and every table has its size.
    if (index === Math.floor(inputs / 10)) before = await usedMegabytes();
    const finding = await fuzzOnce(subject, random);
    if (finding !== undefined) {
      failed++;
      console.log(`${finding.subject}: ${finding.what}\n  ${finding.input.slice(0, 4000)}`);
    }
  }
  const grown = (await usedMegabytes()) - before;
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `${subject.name.padEnd(24)} ${inputs} inputs, ${failed} failed, ${seconds.toFixed(0)} s, ${grown.toFixed(1)} MB grown`,
  );
  return failed + (grown > MOST_GROWN_MEGABYTES ? 1 : 0);
}

/** Collects twice: what a collected object holds outside of the heap is only gone with the next collection. */
async function usedMegabytes(): Promise<number> {
  for (let times = 0; times < 3; times++) {
    if (typeof collectGarbage === 'function') collectGarbage();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}
