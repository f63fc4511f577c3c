import { dump, load, loadAll } from 'js-yaml';

/** The value of a text with one YAML document. Throws with line and column if it is not YAML. */
export function parseYaml(text: string): unknown {
  return load(text);
}

/** The documents of a text in order, empty ones left out. Throws with line and column if it is not YAML. */
export function parseYamlDocuments(text: string): readonly unknown[] {
  return loadAll(text).filter((document) => document !== null && document !== undefined);
}

/** One YAML document with the keys in the order of the value. */
export function formatYaml(value: unknown): string {
  return dump(value, { lineWidth: -1, noRefs: true });
}
