/** The files of the module, as the rules of Deckhouse's linter look at them. */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseYaml, parseYamlDocuments } from '../../dev/manifest/yaml.ts';

/** Where the module is. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export type Json = Readonly<Record<string, unknown>>;

/** A rule and what it finds. */
export interface FileRule {
  readonly rule: string;
  findings(): readonly string[];
}

/** The finding, unless what it denies holds. */
export function complain(holds: boolean, finding: string): readonly string[] {
  return holds ? [] : [finding];
}

/** A schema inside a schema. */
export interface Part {
  /** As `agent.resources.cpu`. */
  readonly path: string;
  readonly schema: Json;
}

/** The schema and every property below it. */
export function settings(schema: Json, path: readonly string[] = []): readonly Part[] {
  const children = Object.entries(record(schema['properties'] ?? {}));
  return [
    { path: path.join('.'), schema },
    ...children.flatMap(([name, child]) => settings(record(child), [...path, name])),
    ...('items' in schema ? settings(record(schema['items']), [...path, '*']) : []),
  ];
}

/** Every part of every schema: of the resource and of the settings. */
export function schemas(): readonly Part[] {
  const versions = definitions().flatMap((one) => list(record(one['spec'])['versions']).map(record));
  const resources = versions.map((one) => record(record(one['schema'])['openAPIV3Schema']));
  return [...resources, record(yaml('openapi/config-values.yaml'))].flatMap((schema) => settings(schema));
}

/** Every part of a schema that is described. */
export function described(schema: unknown): readonly { readonly path: string; readonly text: string }[] {
  return settings(record(schema)).flatMap(({ path, schema: { description } }) =>
    typeof description === 'string' ? [{ path, text: description }] : [],
  );
}

/** The definitions of resources. */
export function definitions(): readonly Json[] {
  return globSync('crds/*.yaml', { cwd: ROOT, exclude: ['**/doc-ru-*'] }).flatMap((file) =>
    parseYamlDocuments(readText(file)).map(record),
  );
}

/** Pages of the documentation. */
export function pages(): readonly string[] {
  return globSync('docs/*.md', { cwd: ROOT });
}

/** Files of the chart that are rendered. */
export function templates(): readonly string[] {
  return globSync('templates/**/*.{yaml,tpl}', { cwd: ROOT });
}

/** Files of the module itself, in folders that a clone of it has. */
export function sources(pattern: string): readonly string[] {
  const made = ['node_modules/**', 'dist/**', 'coverage/**', 'lib/api/generated/**', '.git/**'];
  return globSync(pattern, { cwd: ROOT, exclude: made });
}

/** What lies in the root of the module, whether hidden or not. */
export function tracked(): readonly string[] {
  return readdirSync(ROOT).filter((name) => name !== 'coverage');
}

/** Whether a name is one of a pattern with stars. */
export function matchesGlob(name: string, pattern: string): boolean {
  return new RegExp(`^${pattern.replaceAll('.', '[.]').replaceAll('*', '.*')}$`).test(name);
}

/** The value of a YAML file. */
export function yaml(file: string): unknown {
  return parseYaml(readText(file));
}

/** The text of a file. */
export function readText(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** The value as an object; throws when it is none. */
export function record(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  // Checked just above; keys of an object are text.
  return value as Json;
}

/** The value as a list; throws when it is none. */
export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('not a list');
  return value;
}
