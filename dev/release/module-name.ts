import { readFile } from 'node:fs/promises';
import { ROOT } from '../build/layout.ts';
import { parseYaml } from '../manifest/yaml.ts';

/** The name in module.yaml. */
export async function moduleName(): Promise<string> {
  // Our own file; Deckhouse prescribes its form.
  return (parseYaml(await readFile(`${ROOT}/module.yaml`, 'utf8')) as { readonly name: string }).name;
}
