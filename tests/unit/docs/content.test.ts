import { globSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseServiceWithHealthchecks } from '#lib/api/parse.ts';
import { FAILURE_REASONS, UNKNOWN_CAUSES } from '#lib/core/probe/probe-outcome.ts';
import { NOT_PROBED_YET } from '#lib/core/probe/verdict.ts';
import { CHILD_SERVICE_HANDED_OVER, CHILD_SERVICE_HANDING_OVER } from '#lib/core/slice/publication.ts';
import { parseYaml } from '../../../dev/manifest/yaml.ts';
import { PROGRAM as AGENT } from '../../../images/agent/src/options.ts';
import { PROGRAM as CONTROLLER } from '../../../images/controller/src/options.ts';
import { CONDITION_REASONS } from '../../../images/controller/src/status/status.ts';
import { commands, manifests, type Page, pages, pagesOf, yamlValues } from '../../support/documents.ts';
import { exposedMetrics } from '../../support/exposed-metrics.ts';
import { alerts } from '../../support/prometheus-rules.ts';

const ROOT = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const ALL = pages().map((page) => [page.file, page] as const);
const FAQS = pages()
  .filter(({ name }) => name === 'FAQ')
  .map((page) => [page.file, page] as const);

function twinOf({ name, language }: Page): Page | undefined {
  return pages().find((page) => page.name === name && page.language !== language);
}

describe('what is to be copied', () => {
  it.each(pagesOf('en').map((page) => [page.name, page] as const))(
    'is the same in both languages: %s',
    (_name, page) => {
      const twin = twinOf(page);
      expect(twin && yamlValues(twin)).toEqual(yamlValues(page));
      const withoutComments = (one: Page) => commands(one).map((line) => line.replace(/\s+# .*$/, ''));
      expect(twin && withoutComments(twin)).toEqual(withoutComments(page));
    },
  );

  it.each(ALL)('is accepted without a remark: %s', (_file, page) => {
    const objects = manifests(page).filter(({ kind }) => kind === 'ServiceWithHealthchecks');
    for (const object of objects) {
      const { name } = object.metadata;
      const given = {
        ...object,
        metadata: { namespace: 'my-ns', ...object.metadata, uid: 'uid', generation: 1 },
      };
      const result = parseServiceWithHealthchecks(given);
      expect({ name, ...result }).toMatchObject({ name, kind: 'accepted', warnings: [] });
    }
  });

  it.each(ALL)('has settings that the schema knows: %s', (_file, page) => {
    // Deckhouse's own keywords (x-…) are none of JSON Schema's.
    const schema = {
      additionalProperties: false,
      ...(parseYaml(read('openapi/config-values.yaml')) as object),
    };
    const isValid = new Ajv({ strict: false }).compile(schema);
    for (const { kind, metadata, spec } of manifests(page).filter((one) => one.kind === 'ModuleConfig')) {
      expect({ kind, name: metadata.name }).toEqual({ kind, name: 'service-with-healthchecks' });
      const settings = typeof spec === 'object' && spec !== null && 'settings' in spec ? spec.settings : {};
      expect(isValid(settings), JSON.stringify(isValid.errors)).toBe(true);
    }
  });

  it.each(ALL)('names flags that the programs have: %s', (_file, page) => {
    const known = new Set(
      Object.keys({ ...AGENT.options, ...CONTROLLER.options }).map((name) => `--${name}`),
    );
    const given = commands(page).flatMap((line) => line.split(' -- ').slice(1));
    const flags = given.flatMap((line) => line.match(/--[a-z-]+/g) ?? []);
    expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
  });

  it.each([...ALL, ['README.md', read('README.md')], ['README.ru.md', read('README.ru.md')]] as const)(
    'names commands of the project that there are: %s',
    (_file, page) => {
      const text = typeof page === 'string' ? page : page.text;
      const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts;
      const named = [...text.matchAll(/npm run ([a-z:-]+)/g)].map(([, name = '']) => name);
      expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    },
  );
});

describe('the pages for engineers', () => {
  it.each(['README.md', 'README.ru.md'])('list every benchmark: %s', (file) => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
    const rows = [...read(file).matchAll(/^\| `npm run ([a-z:-]+)` \| \S.*\| \S/gm)].map(
      ([, name = '']) => name,
    );
    const benchmarks = [...scripts.filter((name) => name.startsWith('bench:')), 'oracle', 'fuzz'];
    expect(rows.toSorted()).toEqual(benchmarks.toSorted());
  });

  it('name files that there are', () => {
    const text = read('docs/internal/ARCHITECTURE.md');
    const paths = [
      ...text.matchAll(/`((?:lib|dev|hooks|images|tests|crds|templates|monitoring|openapi)\/[\w./*-]*)`/g),
    ];
    expect(paths.length).toBeGreaterThan(60);
    const missing = paths.filter(([, path = '']) => globSync(path, { cwd: ROOT.pathname }).length === 0);
    expect(missing.map(([, path]) => path)).toEqual([]);
  });
});

/** Of the module's hook. */
const READINESS_METRIC = 'd8_service_with_healthchecks_module_ready';

/** A message for users in the source: a whole string or template that begins like one. */
const MESSAGE =
  /(?<=['`])(?:not probed|no [a-zA-Z]+ (?:of|has|may)|the (?:pod|container)[ ,])[^'`\n]*(?=['`])/g;

describe('the FAQ explains', () => {
  const causes = UNKNOWN_CAUSES.filter((cause) => cause !== 'Cancelled');
  const reasons = [...CONDITION_REASONS, CHILD_SERVICE_HANDING_OVER, CHILD_SERVICE_HANDED_OVER];

  it.each(FAQS)('every reason of a probe: %s', (_file, { body }) => {
    for (const reason of [...FAILURE_REASONS, ...causes])
      expect(body).toMatch(new RegExp(`^\\| \`${reason}\` \\| \``, 'm'));
  });

  it.each(FAQS)('every reason of a condition: %s', (_file, { body }) => {
    for (const reason of reasons) expect(body).toMatch(new RegExp(`^\\|.*\\| \`${reason}\` \\| \\S`, 'm'));
  });

  it.each(FAQS)('every other message of an endpoint, in the words of the program: %s', (_file, { body }) => {
    const section = /\| `not probed yet`[\s\S]*?\n\n/.exec(body)?.[0] ?? '';
    const shown = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, message = '']) => message);
    const sources = [
      'images/controller/src/status/endpoint-statuses.ts',
      'lib/core/probe/verdict.ts',
      'lib/core/probe/target-tracker.ts',
      'lib/core/pod/pod-membership.ts',
    ].map(read);
    const said = sources
      .flatMap((source) => source.match(MESSAGE) ?? [])
      .map((template) => new RegExp(`^${template.replaceAll(/\$\{[^}]*\}/g, '\\S+')}$`));
    expect(shown).toContain(NOT_PROBED_YET);
    expect(shown.filter((message) => !said.some((one) => one.test(message)))).toEqual([]);
    expect(said.filter((one) => !shown.some((message) => one.test(message)))).toEqual([]);
  });

  it.each(FAQS)('every alert: %s', (_file, { body }) => {
    const listed = [...body.matchAll(/^\| `(ServiceWithHealthchecks\w+)` \| \S/gm)].map(([, name]) => name);
    expect(listed).toEqual(alerts().map(({ alert }) => alert));
  });

  it.each(FAQS)('every metric with its labels: %s', async (_file, { body }) => {
    const listed = [...body.matchAll(/^\| `(swh_\w+)` \| (\S.*?) \|/gm)].map(
      ([, name = '', labels = '']) =>
        [name, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)] as const,
    );
    const exposed = [...(await exposedMetrics())].flatMap(([name, labels]) =>
      name.startsWith('swh_') && !/_(?:sum|bucket)$/.test(name)
        ? [[name.replace(/_count$/, ''), [...labels]] as const]
        : [],
    );
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(exposed));
  });

  it.each(ALL)('only alerts and metrics that there are: %s', async (_file, { body }) => {
    const names = alerts().map(({ alert }) => alert);
    const mentioned = body.match(/\bServiceWithHealthchecks[A-Z]\w+/g) ?? [];
    expect(mentioned.filter((name) => !names.includes(name))).toEqual([]);
    const known = [...(await exposedMetrics()).keys()].map((name) => name.replace(/_count$/, ''));
    const used = body.match(/\b(?:swh|d8)_[a-z_]+\b/g) ?? [];
    expect(used.filter((name) => !known.includes(name) && name !== READINESS_METRIC)).toEqual([]);
  });
});

describe('the release notes', () => {
  it.each(pages().filter(({ name }) => name === 'RELEASE_NOTES'))(
    'begin with the present version: $file',
    ({ body }) => {
      const { version } = JSON.parse(read('package.json'));
      expect(/^## (.+)$/m.exec(body)?.[1]).toBe(`v${version}`);
    },
  );

  it('say what the release image says', () => {
    const { body } = pagesOf('en').find(({ name }) => name === 'RELEASE_NOTES') ?? { body: '' };
    const newest = body.split(/^## /m)[1] ?? '';
    const points = [...newest.matchAll(/^- (.+)$/gm)].map(([, point = '']) => point.replaceAll('`', ''));
    expect(parseYaml(read('changelog.yaml'))).toEqual({ features: points });
  });
});

describe('the limits in README', () => {
  it.each(pages().filter(({ name }) => name === 'README'))('are those of the resource: $file', ({ body }) => {
    const crd = read('crds/servicewithhealthchecks.yaml');
    const [, probes] = /probes:\n\s+type: array\n\s+maxItems: (\d+)/.exec(crd) ?? [];
    expect(body).toMatch(new RegExp(`^\\|.*\\| ${probes} \\|$`, 'm'));
    const [, fastest] =
      /fastPeriodMilliseconds:\n\s+type: integer\n\s+format: int32\n\s+minimum: (\d+)/.exec(crd) ?? [];
    expect(body).toMatch(new RegExp(`^\\| \`fastPeriodMilliseconds\` \\|.*\\b${fastest}\\b`, 'm'));
    const { requirements } = parseYaml(read('module.yaml')) as { requirements: Record<string, string> };
    for (const wanted of Object.values(requirements)) expect(body).toContain(wanted.replace('>= ', ''));
  });
});
