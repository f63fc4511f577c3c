import { readFileSync } from 'node:fs';
import { parseYaml } from '../../dev/manifest/yaml.ts';

/** What .dmtlint.yaml allows, in the form that Deckhouse's linter reads. */
interface LintSettings {
  readonly 'linters-settings': {
    readonly module: {
      readonly 'exclude-rules': { readonly license: { readonly directories: readonly string[] } };
    };
    readonly 'no-cyrillic': { readonly 'exclude-rules': { readonly directories: readonly string[] } };
  };
}

/** The exceptions from the linter's rules that the module has and explains. */
export function lintExceptions(): {
  readonly unlicensedFolders: readonly string[];
  readonly cyrillicFolders: readonly string[];
} {
  const text = readFileSync(new URL('../../.dmtlint.yaml', import.meta.url), 'utf8');
  // Our own file, in the form that the linter prescribes.
  const { 'linters-settings': settings } = parseYaml(text) as LintSettings;
  return {
    unlicensedFolders: settings.module['exclude-rules'].license.directories,
    cyrillicFolders: settings['no-cyrillic']['exclude-rules'].directories,
  };
}
