/** The rules of Deckhouse's linter over the module; those over the rendered chart are integration tests. */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lintExceptions } from '../../support/lint-exceptions.ts';
import {
  complain,
  type FileRule,
  list,
  matchesGlob,
  pages,
  ROOT,
  readText,
  record,
  settings,
  sources,
  templates,
  tracked,
  yaml,
} from '../../support/module-files.ts';

const NAME = 'service-with-healthchecks';
const { unlicensedFolders } = lintExceptions();

const MODULE_KEYS = [
  ...[
    'name',
    'namespace',
    'critical',
    'weight',
    'tags',
    'subsystems',
    'stage',
    'descriptions',
    'requirements',
  ],
  ...['exclusiveGroup', 'accessibility', 'disable', 'update'],
];
const STAGES = ['Experimental', 'Preview', 'General Availability', 'Deprecated'];
const SUBSYSTEMS = [
  ...['deckhouse', 'infrastructure', 'kubernetes', 'networking', 'observability', 'security', 'storage'],
];

const MODULE_RULES: readonly FileRule[] = [
  {
    rule: 'module/definition-file',
    findings() {
      const module = record(yaml('module.yaml'));
      const { stage, namespace, descriptions, subsystems } = module;
      return [
        ...Object.keys(module).flatMap((key) => complain(MODULE_KEYS.includes(key), `unknown key ${key}`)),
        ...complain(
          STAGES.some((one) => one === stage),
          'stage',
        ),
        ...complain(namespace === `d8-${NAME}`, 'namespace'),
        ...complain(typeof record(descriptions)['en'] === 'string', 'descriptions.en'),
        ...list(subsystems).flatMap((one) =>
          complain(
            SUBSYSTEMS.some((known) => known === one),
            `subsystem ${one}`,
          ),
        ),
        ...complain(existsSync(join(ROOT, 'openapi')), 'no folder openapi'),
      ];
    },
  },
  {
    rule: 'module/requirements',
    findings() {
      const { requirements, weight, critical } = record(yaml('module.yaml'));
      const isNew = record(requirements)['deckhouse'] === '>= 1.72';
      return [
        ...complain(isNew, 'a stage needs requirements.deckhouse of at least 1.68, readiness of 1.72'),
        ...complain(weight === undefined || critical === true, 'a weight is for critical modules'),
      ];
    },
  },
  {
    rule: 'module/disable',
    findings() {
      const { message, messages } = record(record(yaml('module.yaml'))['disable']);
      return [
        ...complain(typeof message === 'string', 'message, for Deckhouse before 1.77'),
        ...['en', 'ru'].flatMap((one) =>
          complain(typeof record(messages)[one] === 'string', `messages.${one}`),
        ),
      ];
    },
  },
  {
    rule: 'module/helmignore',
    findings() {
      const ignored = readText('.helmignore').split('\n');
      const rendered = ['Chart.yaml', 'templates', 'monitoring', 'charts', '.helmignore'];
      const listed = (name: string) =>
        ignored.some((one) => one === name || (one.includes('*') && matchesGlob(name, one)));
      return tracked().flatMap((name) =>
        complain(rendered.includes(name) || listed(name), `${name} is not ignored`),
      );
    },
  },
  {
    rule: 'module/oss',
    findings: () =>
      list(yaml('oss.yaml')).flatMap((entry) =>
        ['id', 'name', 'description', 'link', 'license', 'version'].flatMap((key) =>
          complain(typeof record(entry)[key] === 'string', `${JSON.stringify(entry)} has no ${key}`),
        ),
      ),
  },
  {
    rule: 'module/conversions',
    findings() {
      const version = record(yaml('openapi/config-values.yaml'))['x-config-version'] ?? 1;
      const steps = globSync('openapi/conversions/v*.yaml', { cwd: ROOT }).length;
      return complain(version === steps + 1, `settings have version ${version} and ${steps} conversions`);
    },
  },
  {
    rule: 'module/license',
    findings: () =>
      sources('**/*.{sh,go,py,lua}').flatMap((file) => {
        const isLicensed = /Copyright|SPDX-License-Identifier/.test(readText(file).slice(0, 400));
        const isExcepted = unlicensedFolders.some((folder) => file.startsWith(folder));
        return complain(
          isLicensed !== isExcepted,
          `${file}: licence header, or exception, too much or too little`,
        );
      }),
  },
  {
    rule: 'module/has-changelog and changelog-valid',
    findings() {
      const features = list(record(yaml('changelog.yaml'))['features']);
      return complain(features.length > 0, 'changelog.yaml says nothing');
    },
  },
  {
    rule: 'module/bundle-layout',
    findings: () =>
      ['.helmignore', 'Chart.yaml', 'charts', 'docs', 'module.yaml', 'openapi', 'templates'].flatMap((path) =>
        complain(existsSync(join(ROOT, path)), `no ${path}`),
      ),
  },
  {
    rule: 'module/legacy files',
    findings: () =>
      ['release.yaml', 'enabled'].flatMap((file) => complain(!existsSync(join(ROOT, file)), file)),
  },
];

describe('the rules over the module', () => {
  it.each(MODULE_RULES)('$rule', ({ findings }) => {
    expect(findings()).toEqual([]);
  });
});

it('finds something to look at', () => {
  expect(pages().length).toBeGreaterThan(8);
  expect(templates().length).toBeGreaterThan(10);
  expect(sources('**/*.yaml').length).toBeGreaterThan(20);
  expect(settings(record(yaml('openapi/config-values.yaml'))).length).toBeGreaterThan(5);
});
