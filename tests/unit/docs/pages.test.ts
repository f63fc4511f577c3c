import { existsSync, readdirSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeBlocks, headings, type Page, pages, pagesOf, prose } from '../../support/documents.ts';

/** What Deckhouse's linter asks of docs/, and what its documentation site needs. */

const ROOT = new URL('../../../', import.meta.url);
const ALL = pages().map((page) => [page.file, page] as const);
const PAIRS = pagesOf('en').map((english) => [english.name, english, twinOf(english)] as const);

function twinOf({ name }: Page): Page {
  const twin = pagesOf('ru').find((page) => page.name === name);
  if (twin === undefined) throw new Error(`docs/${name}.md has no Russian twin`);
  return twin;
}

describe('the pages', () => {
  it('are those that users look for, each in both languages', () => {
    const wanted = [
      'README',
      'CONFIGURATION',
      'CR',
      'EXAMPLES',
      'FAQ',
      'MIGRATION',
      'PERFORMANCE',
      'RELEASE_NOTES',
    ];
    expect(
      pagesOf('en')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(wanted.toSorted());
    expect(
      pagesOf('ru')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(wanted.toSorted());
  });

  it('are small enough to travel in each release', () => {
    const files = readdirSync(new URL('docs/', ROOT), { recursive: true, encoding: 'utf8' });
    const bytes = files.map((file) => statSync(new URL(`docs/${file}`, ROOT)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_000_000);
  });

  it.each(ALL)('%s has the front matter that the site needs', (_file, { frontMatter }) => {
    expect(frontMatter['title']).toMatch(/service-with-healthchecks/);
    expect(String(frontMatter['description'] ?? '').length).toBeLessThanOrEqual(150);
    expect(frontMatter['description']).toMatch(/^\S.{10,}\.$/);
    expect(frontMatter).not.toHaveProperty('lang');
  });

  it.each(ALL)('%s keeps to the rules of its language', (_file, { language, text, body }) => {
    if (language === 'en') expect(text).not.toMatch(/[а-яё]/i);
    else expect(body === '' || body.includes('<!-- SCHEMA -->') || /[а-яё]/i.test(body)).toBe(true);
  });
});

describe('Markdown', () => {
  it.each(ALL)('of %s', (_file, page) => {
    const { text, body } = page;
    expect(text).toMatch(/[^\n]\n$/);
    expect(text).not.toMatch(/[ \t]\n|\t|\n{3}/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(1000);
    // The title of the front matter is the heading of the first level.
    expect(headings(page).filter(({ level, text: heading }) => level === 1 || heading.length > 128)).toEqual(
      [],
    );
    expect(headings(page).filter(({ text: heading }) => /[.,;:!]$/.test(heading))).toEqual([]);
    expect(body).not.toMatch(/[^\n]\n#+ |^#+ .*\n[^\n]/m);
    const known = ['yaml', 'shell', 'text'];
    expect(codeBlocks(page).filter(({ language }) => !known.includes(language))).toEqual([]);
    expect(prose(page)).not.toContain('```');
  });

  it.each(PAIRS)('%s is built alike in both languages', (_name, english, russian) => {
    const outline = (page: Page) => headings(page).map(({ level }) => level);
    expect(outline(russian)).toEqual(outline(english));
    const rows = (page: Page) => prose(page).match(/^\|/gm)?.length;
    expect(rows(russian)).toEqual(rows(english));
  });
});

describe('links', () => {
  it.each(ALL)('of %s lead somewhere', (_file, page) => {
    const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const local = targets.filter((target) => !target.startsWith('https://'));
    expect(local.filter((target) => !leadsSomewhere(page, target))).toEqual([]);
  });
});

/** The site gives each page its name in lower case, and README the folder itself. */
function leadsSomewhere(from: Page, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  if (path.startsWith('images/')) return existsSync(new URL(`docs/${path}`, ROOT));
  const page = pages().find((one) => one.language === from.language && path === addressOf(one));
  const anchors = headings(page ?? from).map((heading) => heading.anchor);
  return page !== undefined && (anchor === undefined || anchors.includes(decodeURIComponent(anchor)));
}

function addressOf({ name }: Page): string {
  return name === 'README' ? './' : `${name.toLowerCase()}.html`;
}
