/** `npm run demo`: see HELP in options.ts. */
import { ensureProductBuilt } from '../cluster/built-product.ts';
import { onInterrupt } from '../process/on-interrupt.ts';
import { providePrograms } from '../toolchain/toolchain.ts';
import { openDisplay, type Picture } from './display.ts';
import { HELP, parseOptions } from './options.ts';
import { balancerViews, wrongWrites } from './picture.ts';
import { playScenario } from './scenario.ts';
import { type Stage, setStage } from './stage.ts';
import { allHold, summaryLines } from './summary.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.kind === 'wrong') {
    console.error(`demo: ${options.message}; see --help`);
    return 2;
  }
  await ensureProductBuilt();
  await providePrograms(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kubectl']);
  return show(options);
}

async function show({ keep, plain }: { readonly keep: boolean; readonly plain: boolean }): Promise<number> {
  let stage: Stage | undefined;
  const picture: Picture = () =>
    stage === undefined
      ? { balancers: [], wrongWrites: 0 }
      : { balancers: balancerViews(stage, Date.now()), wrongWrites: wrongWrites(stage) };
  const display = openDisplay(picture, {
    isLive: process.stdout.isTTY && !plain,
    hasColour: process.stdout.isTTY && !process.env['NO_COLOR'],
  });
  const startedMs = performance.now();
  const removeHandlers = onInterrupt(async () => {
    display.close();
    await stage?.close();
  });
  try {
    display.step('bringing up a control plane, three nodes, the controller and the agents');
    stage = await setStage(display);
    const expectations = await playScenario(stage, display);
    display.finish([[], ...summaryLines(expectations, performance.now() - startedMs)]);
    if (keep) await stayUp(stage);
    return allHold(expectations) ? 0 : 1;
  } catch (error) {
    display.close();
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    display.close();
    await stage?.close();
    removeHandlers();
  }
}

/** Waits for the signal that ends everything. */
async function stayUp({ cluster }: Stage): Promise<void> {
  const { kubectl } = await providePrograms(['kubectl']);
  const { adminKubeconfig } = cluster.controlPlane;
  console.log(`
The cluster keeps running. In another terminal:
  ${kubectl} --kubeconfig ${adminKubeconfig} -n my-ns get swh,services,endpointslices,pods
Ctrl-C here removes everything.`);
  await new Promise(() => {});
}
