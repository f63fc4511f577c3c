/** The rules of Deckhouse's linter over templates; those over the rendered chart are integration tests. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  complain,
  type FileRule,
  ROOT,
  readText,
  record,
  settings,
  sources,
  templates,
  yaml,
} from '../../support/module-files.ts';

const TEMPLATE_RULES: readonly FileRule[] = [
  {
    rule: 'templates/prometheus-rules and grafana-dashboards',
    findings: () =>
      [
        '{{- include "helm_lib_prometheus_rules" (list .',
        '{{- include "helm_lib_grafana_dashboard_definitions" . }}',
      ].flatMap((include) =>
        complain(readText('templates/monitoring.yaml').includes(include), `no ${include}`),
      ),
  },
  {
    rule: 'templates/registry',
    findings: () =>
      [
        '.Values.global.modulesImages.registry.dockercfg',
        '.Values.serviceWithHealthchecks.registry.dockercfg',
      ].flatMap((value) =>
        complain(readText('templates/registry-secret.yaml').includes(value), `no ${value}`),
      ),
  },
  {
    // A closed cluster does not reach the public site.
    rule: 'templates/documentation-links',
    findings: () =>
      sources('monitoring/**/*.{yaml,json}').flatMap((file) =>
        complain(!/https?:\/\/(?:www[.])?deckhouse[.](?:io|ru)\b/.test(readText(file)), file),
      ),
  },
  {
    // An alert that names itself as its group is dropped.
    rule: 'templates/alert-grouping-annotations',
    findings: () =>
      sources('monitoring/**/*.yaml').flatMap((file) =>
        complain(!/plk_(?:create_group_if_not_exists|grouped_by)__/.test(readText(file)), file),
      ),
  },
  {
    rule: 'templates/cluster-domain',
    findings: () => templates().flatMap((file) => complain(!readText(file).includes('cluster.local'), file)),
  },
  {
    rule: 'templates/enabled-modules and crd-enabled-modules',
    findings: () => templates().flatMap((file) => complain(!readText(file).includes('enabledModules'), file)),
  },
  {
    // Text without pattern or choice may be anything, and breaks YAML where it is not quoted.
    rule: 'templates/openapi-values-quote',
    findings: () =>
      settings(record(yaml('openapi/config-values.yaml'))).flatMap(({ path, schema }) =>
        complain(
          schema['type'] !== 'string' || 'enum' in schema || 'pattern' in schema,
          `${path} may be any text`,
        ),
      ),
  },
  {
    rule: 'images/patches and names',
    findings: () =>
      readdirSync(join(ROOT, 'images')).flatMap((name) => [
        ...complain(/^[a-z][a-z0-9-]*$/.test(name), name),
        ...complain(
          !existsSync(join(ROOT, 'images', name, 'patches')),
          `${name} has patches without a README`,
        ),
      ]),
  },
];

describe('the rules over templates', () => {
  it.each(TEMPLATE_RULES)('$rule', ({ findings }) => {
    expect(findings()).toEqual([]);
  });
});
