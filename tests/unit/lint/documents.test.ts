/** The rules of Deckhouse's linter over documents; those over the rendered chart are integration tests. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../dev/manifest/yaml.ts';
import { lintExceptions } from '../../support/lint-exceptions.ts';
import {
  complain,
  type FileRule,
  pages,
  ROOT,
  readText,
  record,
  sources,
} from '../../support/module-files.ts';

const CYRILLIC = /[А-Яа-яЁё]/;
const { cyrillicFolders } = lintExceptions();

const DOCUMENT_RULES: readonly FileRule[] = [
  {
    rule: 'documentation/readme',
    findings: () => complain(readText('docs/README.md').length > 0, 'docs/README.md is empty'),
  },
  {
    rule: 'documentation/bilingual',
    findings: () =>
      pages()
        .filter((file) => !file.endsWith('.ru.md'))
        .flatMap((file) =>
          complain(existsSync(join(ROOT, file.replace(/[.]md$/, '.ru.md'))), `${file} has no Russian twin`),
        ),
  },
  {
    rule: 'documentation/cyrillic-in-english',
    findings: () =>
      pages().flatMap((file) => complain(file.endsWith('.ru.md') || !CYRILLIC.test(readText(file)), file)),
  },
  {
    rule: 'documentation/front-matter',
    findings: () =>
      pages().flatMap((file) => {
        const header = record(parseYaml(/^---\n(.*?)\n---/s.exec(readText(file))?.[1] ?? '{}'));
        const { title, description = '', lang } = header;
        return [
          ...complain(typeof title === 'string', `${file} has no title`),
          ...complain(String(description).length <= 150, `${file} has a description of over 150 characters`),
          ...complain(lang === undefined, `${file} names a language`),
        ];
      }),
  },
  {
    rule: 'no-cyrillic/files',
    findings: () =>
      sources('**/*.{yaml,yml,json,go}')
        .filter(
          (file) => !/(?:^|\/)(?:doc-ru-|ru[.])|[.]ru[.]|^module[.]yaml$|^openapi\/conversions\//.test(file),
        )
        .flatMap((file) => {
          const isExcepted = cyrillicFolders.some((folder) => file.startsWith(folder));
          return isExcepted
            ? complain(CYRILLIC.test(readText(file)), `${file} needs no exception`)
            : complain(!CYRILLIC.test(readText(file)), `${file} has Cyrillic letters`);
        }),
  },
];

describe('the rules over documents', () => {
  it.each(DOCUMENT_RULES)('$rule', ({ findings }) => {
    expect(findings()).toEqual([]);
  });
});
