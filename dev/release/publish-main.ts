/** `npm run publish`: pushes a release to a registry and moves its channels. */
import { resolve } from 'node:path';
import { DIST } from '../build/layout.ts';
import { provideCrane } from './crane.ts';
import { moduleName } from './module-name.ts';
import { moveChannels, pushRelease } from './publish.ts';
import { HELP, type PublishOptions, parsePublishOptions } from './publish-options.ts';
import { readRelease } from './release-folder.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const options = parsePublishOptions(process.argv.slice(2), `${DIST}/release`);
  if (options.kind === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.kind === 'wrong') {
    console.error(`npm run publish: ${options.message} (see --help)`);
    return 2;
  }
  try {
    await publish(options);
    return 0;
  } catch (error) {
    console.error(`npm run publish: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

async function publish(options: Extract<PublishOptions, { readonly kind: 'run' }>): Promise<void> {
  const { registry, channels } = options;
  const folder = resolve(options.from);
  const record = await readRelease(folder);
  const version = options.version ?? record?.version;
  if (version === undefined)
    throw new Error(`there is no release in ${folder}: make one with npm run bundle`);
  const crane = await provideCrane();
  if (record?.version === version) await pushRelease(crane, { registry, record, folder }, console.log);
  await moveChannels(crane, { registry, module: await moduleName() }, { version, channels }, console.log);
}
