import { readdirSync, readFileSync } from 'node:fs';
import { parseYaml, parseYamlDocuments } from '../../dev/manifest/yaml.ts';

/** One page of docs/, in one language. */
export interface Page {
  /** `README` for README.md and README.ru.md. */
  readonly name: string;
  readonly language: 'en' | 'ru';
  readonly file: string;
  readonly text: string;
  /** Without the front matter. */
  readonly body: string;
  readonly frontMatter: Readonly<Record<string, unknown>>;
}

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  /** What links to the heading name. */
  readonly anchor: string;
}

/** An object written in a page. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
}

const DOCS = new URL('../../docs/', import.meta.url);

/** The pages that the documentation site shows: those directly in docs/. */
export function pages(): readonly Page[] {
  return readdirSync(DOCS)
    .filter((file) => file.endsWith('.md'))
    .map((file) => pageOf(file, readFileSync(new URL(file, DOCS), 'utf8')));
}

export function pagesOf(language: Page['language']): readonly Page[] {
  return pages().filter((page) => page.language === language);
}

function pageOf(file: string, text: string): Page {
  const [, name = '', suffix] = /^([A-Z_]+)(\.ru)?\.md$/.exec(file) ?? [];
  const [, matter = '', body = text] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(text) ?? [];
  // A page without front matter has none of the keys that tests ask for.
  const frontMatter = (parseYaml(matter === '' ? '{}' : matter) ?? {}) as Page['frontMatter'];
  return { name, language: suffix === undefined ? 'en' : 'ru', file, text, body, frontMatter };
}

/** The fenced blocks of a page in order. */
export function codeBlocks({ body }: Page): readonly CodeBlock[] {
  return [...body.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** The text of a page without its fenced blocks. */
export function prose({ body }: Page): string {
  return body.replaceAll(/^```\w*\n[\s\S]*?^```$/gm, '');
}

/** The values in the YAML blocks of a page, in order. */
export function yamlValues(page: Page): readonly unknown[] {
  return codeBlocks(page)
    .filter(({ language }) => language === 'yaml')
    .flatMap(({ text }) => parseYamlDocuments(text));
}

/** The objects of a page; a part of a spec is put into one that has everything else. */
export function manifests(page: Page): readonly Manifest[] {
  return yamlValues(page).map((value) => (isManifest(value) ? value : withSpec(value)));
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value;
}

function withSpec(part: unknown): Manifest {
  if (typeof part !== 'object' || part === null) throw new Error(`no manifest: ${JSON.stringify(part)}`);
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name: 'part' },
    spec: { selector: { app: 'part' }, ports: [{ port: 80 }], ...part },
  };
}

/** The lines of the shell blocks of a page, a command that goes on over several lines joined into one. */
export function commands(page: Page): readonly string[] {
  return codeBlocks(page)
    .filter(({ language }) => language === 'shell')
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

export function headings(page: Page): readonly Heading[] {
  return [...prose(page).matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', text = '']) => ({
    level: marks.length,
    text,
    anchor: anchorOf(text),
  }));
}

function anchorOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
