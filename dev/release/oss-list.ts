import { formatYaml } from '../manifest/yaml.ts';
import type { Component } from './components.ts';

const HEADER =
  '# Software of others that the images carry. Made by `npm run oss` from what is in the bundles.\n';

/** The text of oss.yaml, in the form that Deckhouse prescribes. */
export function ossList(components: readonly Component[]): string {
  const entries = components
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, name, version, license, link, description }) => ({
      id,
      name,
      version,
      license,
      link,
      description,
    }));
  return HEADER + formatYaml(entries);
}
