/** `npm run oracle`: looks for differences between a Service and its twin; see options.ts. */
import { onInterrupt } from '../process/on-interrupt.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { runOracle } from './oracle.ts';
import { failureText, timesText } from './report.ts';
import { startRig } from './rig.ts';

const options = parseOptions(process.argv.slice(2));
switch (options.kind) {
  case 'help':
    process.stdout.write(HELP);
    break;
  case 'wrong':
    console.error(`npm run oracle: ${options.message}`);
    process.exitCode = 2;
    break;
  case 'run':
    process.exitCode = await run(options);
}

async function run(wanted: Extract<Options, { readonly kind: 'run' }>): Promise<number> {
  const rig = await startRig(wanted);
  const ignoreInterrupts = onInterrupt(() => rig.stop());
  try {
    const start = performance.now();
    const { steps, settled, failed } = await runOracle(rig, {
      ...wanted,
      onHistory: (report) => console.log(failureText(report)),
    });
    const seconds = (performance.now() - start) / 1_000;
    console.log(timesText(settled));
    console.log(
      `${steps} steps in ${seconds.toFixed(1)} s, ${(steps / seconds).toFixed(1)} steps/s, ${failed.length} histories with differences`,
    );
    return failed.length === 0 ? 0 : 1;
  } finally {
    await rig.stop();
    ignoreInterrupts();
  }
}
