import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatYaml } from '../../../dev/manifest/yaml.ts';
import { commands, type Manifest, manifests, pagesOf } from '../../support/documents.ts';
import { type InstalledModule, installModule } from '../../support/installed-module.ts';
import { makeTestCertificates } from '../../support/test-certificates.ts';
import { FOREIGN_DEFINITIONS } from './foreign-resources.ts';

/**
 * Everything that is to be copied out of docs/ is applied to a real API server as a user would. The Russian pages hold
 * the same: tests/unit/docs.
 */

/** Where objects go that name no namespace, and the namespaces that the pages name. */
const HOME = 'my-ns';
const NAMESPACES = [HOME, 'bookinfo', 'argocd'];

const PAGES = pagesOf('en').map((page) => [page.file, page] as const);

let installed: InstalledModule;

beforeAll(async () => {
  installed = await installModule('docs');
  await apply(FOREIGN_DEFINITIONS);
  const names = FOREIGN_DEFINITIONS.map(({ metadata }) => `crd/${metadata.name}`);
  await kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...names]);
  await apply(NAMESPACES.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
});

afterAll(async () => {
  if (installed === undefined) return;
  await kubectl(['delete', 'namespace', '--wait=false', ...NAMESPACES]);
  await kubectl(['delete', 'crd', ...FOREIGN_DEFINITIONS.map(({ metadata }) => metadata.name)]);
});

function kubectl(args: readonly string[], input?: string): Promise<string> {
  return installed.cluster.kubectl(args, input);
}

/** Unknown and doubled fields are errors. */
function apply(objects: readonly unknown[], namespace?: string): Promise<string> {
  const place = namespace === undefined ? [] : ['-n', namespace];
  const flags = ['--server-side', '--force-conflicts', '--validate=strict', ...place];
  return kubectl(['apply', ...flags, '-f', '-'], objects.map(formatYaml).join('---\n'));
}

function applyManifest(manifest: Manifest): Promise<string> {
  return apply([manifest], manifest.metadata.namespace ?? HOME);
}

describe('the manifests', () => {
  test.each(PAGES)('of %s are accepted', async (_file, page) => {
    // One by one: two pages, or two states of one migration, may have objects of the same name.
    for (const manifest of manifests(page)) {
      const { kind, metadata } = manifest;
      expect(await applyManifest(manifest), `${kind} ${metadata.name}`).toContain(
        `/${metadata.name} serverside-applied`,
      );
    }
  });

  test('are many', () => {
    const kinds = pagesOf('en').flatMap((page) => manifests(page).map(({ kind }) => kind));
    expect(kinds.filter((kind) => kind === 'ServiceWithHealthchecks').length).toBeGreaterThan(15);
    expect(new Set(kinds).size).toBeGreaterThan(9);
  });

  test('would be refused with a misspelt field', async () => {
    const [right] = pagesOf('en')
      .flatMap(manifests)
      .filter(({ kind }) => kind === 'ServiceWithHealthchecks');
    const wrong = { ...right, spec: { ...Object(right?.spec), healthcheks: {} } };
    await expect(apply([wrong], right?.metadata.namespace)).rejects.toThrow(/healthcheks/);
  });
});

/** Verbs that need nothing but the API server; the others talk to kubelets, wait for the module or change it. */
const TRIED = ['get', 'describe', 'create', 'annotate', 'patch', 'delete'];

/** Of these, those that would take away what other commands are about. */
const ONLY_ASKED = ['create', 'patch', 'delete'];

/** The files that commands name, each with what a user would have in it. */
const FILE = /(?<=--(cert|key)=)\S+/;

describe('the commands', () => {
  let files: string;

  beforeAll(async () => {
    files = mkdtempSync(join(tmpdir(), 'swh-docs-'));
    const certificates = makeTestCertificates();
    const { cert, key } = certificates.issue('DNS:probe');
    certificates.remove();
    writeFileSync(join(files, 'cert'), cert);
    writeFileSync(join(files, 'key'), key);
    for (const manifest of pagesOf('en').flatMap(manifests)) await applyManifest(manifest);
  });

  afterAll(() => rmSync(files, { recursive: true }));

  const tried = pagesOf('en')
    .flatMap(commands)
    .map((line) => line.replace(/\s+# .*$/, ''))
    .filter((line) => TRIED.includes(/^kubectl (?:-n \S+ )?(\w+)/.exec(line)?.[1] ?? ''));

  test('names the pods that are out, and why', async () => {
    const endpointStatuses = [
      { podName: 'web-1', ready: true },
      { podName: 'web-2', ready: false, message: 'connection refused on 8080' },
    ];
    const status = JSON.stringify({ status: { endpointStatuses } });
    await kubectl(['patch', 'swh', 'web', '-n', HOME, '--subresource=status', '--type=merge', '-p', status]);
    const command = tried.find((line) => line.includes('endpointStatuses')) ?? '';
    expect(await kubectl(wordsOf(command).slice(1))).toBe('web-2\tconnection refused on 8080\n');
  });

  test.each([...new Set(tried)])('%s', async (line) => {
    const [, ...words] = wordsOf(line);
    const args = words.map((word) => word.replace(FILE, (_file, kind: string) => join(files, kind)));
    const inHome = args.includes('-n') ? args : ['-n', HOME, ...args];
    const dryRun = ONLY_ASKED.some((verb) => args.includes(verb)) ? ['--dry-run=server'] : [];
    await expect(kubectl([...inHome, ...dryRun])).resolves.toEqual(expect.any(String));
  });
});

/** The words of a command line as a shell takes them: single and double quotes, nothing else. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}
