import { beforeAll, describe, expect, test } from 'vitest';
import { type RenderedObject, renderChart } from '../../../dev/chart/render-chart.ts';
import { pages } from '../../support/documents.ts';
import { alerts } from '../../support/prometheus-rules.ts';

/** What instructions tell people to look at is there: every object of the module that a document or an alert names. */

const NAMESPACE = 'd8-service-with-healthchecks';
const MODULE = 'service-with-healthchecks';

/** Names that kubectl takes for the kinds of the chart. */
const KINDS: Readonly<Record<string, string>> = {
  deploy: 'Deployment',
  deployment: 'Deployment',
  ds: 'DaemonSet',
  daemonset: 'DaemonSet',
  secret: 'Secret',
  sa: 'ServiceAccount',
};

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
}

let objects: readonly RenderedObject[];

beforeAll(async () => {
  objects = (await renderChart()).map(({ object }) => object);
});

const TEXTS: readonly (readonly [string, string])[] = [
  ...pages().map(({ file, body }) => [`docs/${file}`, body] as const),
  ...alerts().map(({ alert, annotations }) => [alert, Object.values(annotations).join('\n')] as const),
];

/** Commands on objects in the module's namespace, those over several lines too. */
const COMMANDS = TEXTS.flatMap(([where, text]) =>
  [...text.matchAll(/(?:kubectl|d8 k) -n (d8-\S+) ([^`\n|]+(?:\\\n[^`\n]+)*)/g)].map(
    ([, namespace = '', rest = '']) => ({ where, namespace, rest: rest.trim() }),
  ),
);

function templates(): readonly PodTemplate[] {
  return objects.flatMap(({ kind, spec }) =>
    // Helm has rendered it, and the API server takes it: other tests.
    kind === 'Deployment' || kind === 'DaemonSet'
      ? [(spec as { readonly template: PodTemplate }).template]
      : [],
  );
}

function exists(kind: string, name: string): boolean {
  return objects.some(
    ({ kind: one, metadata }) => one === kind && metadata.name === name && metadata.namespace === NAMESPACE,
  );
}

/** The Leases that a Role of the chart lets somebody hold. */
function leases(): readonly string[] {
  return objects.flatMap(({ kind, rules }) =>
    kind === 'Role'
      ? // Helm has rendered it, and the API server takes it: other tests.
        (rules as readonly { resources: readonly string[]; resourceNames?: readonly string[] }[])
          .filter(({ resources }) => resources.includes('leases'))
          .flatMap(({ resourceNames = [] }) => resourceNames)
      : [],
  );
}

describe('instructions', () => {
  test('are found', () => {
    expect(COMMANDS.length).toBeGreaterThan(12);
    expect(new Set(COMMANDS.map(({ where }) => where)).size).toBeGreaterThan(8);
  });

  test.each(COMMANDS)('$where: $rest', ({ namespace, rest }) => {
    expect(namespace).toBe(NAMESPACE);
    const words = rest.split(/\s+/);
    for (const [index, word] of words.entries()) {
      const [kind = '', name = words[index + 1] ?? ''] = word.split('/');
      const known = KINDS[kind];
      if (known !== undefined) expect(exists(known, name), `${known} ${name}`).toBe(true);
    }
    for (const [, key = '', value = ''] of rest.matchAll(/ -l ([\w./-]+)=([\w-]+)/g)) {
      const labels = templates().map(({ metadata }) => metadata.labels[key]);
      expect(labels, `pods with ${key}=${value}`).toContain(value);
    }
    for (const [, container = ''] of rest.matchAll(/ -c ([\w-]+)/g)) {
      const names = templates().flatMap(({ spec }) => spec.containers.map(({ name }) => name));
      expect(names).toContain(container);
    }
    for (const [, lease = ''] of rest.matchAll(/ lease (\S+)/g)) {
      expect(leases()).toContain(lease);
    }
  });
});

describe('names in the text', () => {
  test.each(TEXTS)('of %s', (_where, text) => {
    const namespaces = text.match(/\bd8-service-with[\w-]*/g) ?? [];
    expect(namespaces.filter((name) => name !== NAMESPACE)).toEqual([]);
    const accounts = [...text.matchAll(/"serviceAccountName": "([^"]+)"/g)].map(([, name = '']) => name);
    for (const name of accounts) expect(exists('ServiceAccount', name), name).toBe(true);
    const secrets = [...text.matchAll(/"imagePullSecrets": \[\{"name": "([^"]+)"/g)].map(
      ([, name = '']) => name,
    );
    for (const name of secrets) expect(exists('Secret', name), name).toBe(true);
    const modules = [...text.matchAll(/moduleconfig (\S+)|get module (\S+)/g)].map(([, a, b]) => a ?? b);
    expect(modules.filter((name) => name !== MODULE)).toEqual([]);
  });

  test('the namespace is one that the chart makes', () => {
    const names = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
    expect(names).toEqual([NAMESPACE]);
  });
});
