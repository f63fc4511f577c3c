/** The rules of Deckhouse's linter over schemas; those over the rendered chart are integration tests. */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  complain,
  definitions,
  described,
  type FileRule,
  list,
  ROOT,
  record,
  schemas,
  settings,
  yaml,
} from '../../support/module-files.ts';

const NAME = 'service-with-healthchecks';
const CYRILLIC = /[А-Яа-яЁё]/;

const OPENAPI_RULES: readonly FileRule[] = [
  {
    rule: 'openapi/enum',
    findings: () =>
      schemas().flatMap(({ path, schema }) =>
        list(schema['enum'] ?? []).flatMap((choice) =>
          // An empty word stands for "not set" in fields of a Service.
          complain(choice === '' || /^[A-Z]/.test(String(choice)), `${path}: ${choice}`),
        ),
      ),
  },
  {
    rule: 'openapi/ha',
    findings: () =>
      schemas().flatMap(({ path, schema }) =>
        complain(!path.endsWith('highAvailability') || !('default' in schema), `${path} has a default`),
      ),
  },
  {
    rule: 'openapi/bilingual',
    findings: () =>
      [...globSync('crds/*.yaml', { cwd: ROOT }), 'openapi/config-values.yaml']
        .filter((file) => !file.includes('doc-ru-'))
        .flatMap((file) =>
          complain(
            existsSync(join(ROOT, file.replace(/\/(?=[^/]+$)/, '/doc-ru-'))),
            `${file} has no doc-ru twin`,
          ),
        ),
  },
  {
    rule: 'openapi/doc-ru',
    findings() {
      const english = described(yaml('openapi/config-values.yaml'));
      const russian = described(yaml('openapi/doc-ru-config-values.yaml'));
      return [
        ...english.flatMap(({ path }) =>
          complain(
            russian.some((one) => one.path === path),
            `${path} is not described in Russian`,
          ),
        ),
        ...russian.flatMap(({ path, text }) => [
          ...complain(
            english.some((one) => one.path === path),
            `${path} is no setting`,
          ),
          ...complain(CYRILLIC.test(text), `${path} is not described in Russian`),
        ]),
      ];
    },
  },
  {
    rule: 'openapi/examples',
    findings: () =>
      settings(record(yaml('openapi/config-values.yaml'))).flatMap(({ path, schema }) => [
        ...complain(path === '' || typeof schema['description'] === 'string', `${path} has no description`),
        ...complain(
          path === '' || list(schema['x-examples'] ?? []).length > 0 || 'properties' in schema,
          `${path} has no example`,
        ),
      ]),
  },
  {
    rule: 'openapi/deckhouse-crds',
    findings: () =>
      definitions().flatMap((definition) => {
        const { apiVersion, metadata } = definition;
        const labels = record(record(metadata)['labels']);
        return [
          ...complain(apiVersion === 'apiextensions.k8s.io/v1', 'apiVersion'),
          ...complain(labels['module'] === NAME && labels['heritage'] === 'deckhouse', 'labels'),
          ...complain(
            !/^ +deprecated:/m.test(JSON.stringify(definition)),
            'x-doc-deprecated instead of deprecated',
          ),
        ];
      }),
  },
];

describe('the rules over schemas', () => {
  it.each(OPENAPI_RULES)('$rule', ({ findings }) => {
    expect(findings()).toEqual([]);
  });
});
