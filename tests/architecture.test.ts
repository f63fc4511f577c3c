import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Paths inside the repository, and names of packages. */
  readonly imports: readonly string[];
}

/** Which folders the code of a folder may import from. The longest matching prefix decides. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'lib/core': ['lib/core'],
  'lib/api': ['lib/api', 'lib/core'],
  'lib/runtime': ['lib/runtime', 'lib/core'],
  'lib/probe': ['lib/probe', 'lib/runtime', 'lib/core'],
  'lib/kube': ['lib/kube', 'lib/runtime', 'lib/core'],
  'lib/hook': ['lib/hook', 'lib/kube', 'lib/runtime', 'lib/core'],
  hooks: ['hooks', 'lib'],
  'images/agent': ['images/agent', 'lib'],
  'images/controller': ['images/controller', 'hooks', 'lib'],
  dev: ['dev', 'lib', 'package.json'],
  bench: ['bench', 'dev', 'hooks', 'lib'],
};

/** The one place of each package that would otherwise leak everywhere. Types may be imported anywhere. */
const HOMES: Readonly<Record<string, RegExp>> = {
  '@kubernetes/client-node': /^lib\/kube\/client-node\.ts$/,
  pg: /^(lib\/probe\/probers\/postgresql-|dev\/workload\/)/,
  ajv: /^dev\/generate\//,
  'js-yaml': /^dev\/manifest\/yaml\.ts$/,
  'prom-client': /^lib\/runtime\/metrics\.ts$/,
};

/** Ambient state that makes code untestable, and where it may be touched. */
const AMBIENT =
  /\b(?:Date\.now\(|new Date\(\)|Math\.random\(|process\.env\b|console\.|setTimeout\(|setInterval\(|performance\.now\()/;
const MAY_TOUCH_AMBIENT = /^(?:dev|bench)\/|^lib\/runtime\/|\/(?:main|options)\.ts$/;

const files = ['lib', 'hooks', 'images', 'dev', 'bench'].flatMap((folder) => sourceFiles(join(ROOT, folder)));

describe('architecture', () => {
  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(50);
  });

  it('lets imports point one way only', () => {
    expect(files.flatMap(wrongImports)).toEqual([]);
  });

  it('gives each guarded package one home', () => {
    expect(files.flatMap(strayPackages)).toEqual([]);
  });

  it('keeps clock, randomness, environment and console in the runtime', () => {
    const touching = files.filter(
      ({ path, text }) => !MAY_TOUCH_AMBIENT.test(path) && AMBIENT.test(code(text)),
    );
    expect(touching.map(({ path }) => path)).toEqual([]);
  });

  it('keeps files small enough to read', () => {
    const long = files.filter(({ text }) => text.split('\n').length > 400);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('has no barrels, drawers or default exports', () => {
    const bad = files.filter(
      ({ path, text }) =>
        /\/(?:index|utils?|helpers?)\.ts$/.test(path) || /^export (?:default|\*)/m.test(text),
    );
    expect(bad.map(({ path }) => path)).toEqual([]);
  });
});

function wrongImports(file: SourceFile): readonly string[] {
  const allowed = MAY_IMPORT[folderOf(file.path)];
  if (allowed === undefined) return [`${file.path}: no rule for this folder`];
  return file.imports
    .filter((target) => /^(?:lib|hooks|images|dev|bench|tests)\//.test(target))
    .filter((target) => !allowed.some((folder) => target.startsWith(`${folder}/`)))
    .map((target) => `${file.path} imports ${target}`);
}

function strayPackages(file: SourceFile): readonly string[] {
  return Object.entries(HOMES)
    .filter(
      ([name, home]) =>
        file.imports.some((one) => one === name || one.startsWith(`${name}/`)) && !home.test(file.path),
    )
    .map(([name]) => `${file.path} imports ${name}`);
}

function folderOf(path: string): string {
  const matching = Object.keys(MAY_IMPORT).filter((folder) => path.startsWith(`${folder}/`));
  return matching.toSorted((a, b) => b.length - a.length)[0] ?? '';
}

function sourceFiles(folder: string): readonly SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('generated/'))
    .map((name) => {
      const path = relative(ROOT, join(folder, name));
      const text = readFileSync(join(folder, name), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    });
}

function importsOf(path: string, text: string): readonly string[] {
  const statements = text.matchAll(
    /^(?:import|export)\s(?!type\b)[^'"]*?from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm,
  );
  const names = [...statements].map((match) => match[1] ?? match[2] ?? '');
  const lazy = [...text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g)].map(
    (match) => match[1] ?? '',
  );
  return [...names, ...lazy].map((name) => resolveImport(path, name));
}

function resolveImport(path: string, name: string): string {
  if (name.startsWith('#lib/')) return name.slice(1);
  if (name.startsWith('.')) return relative(ROOT, join(ROOT, dirname(path), name));
  return name;
}

function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
