import { execFile } from 'node:child_process';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { DebianFile } from './debian-origin.ts';
import { ROOT } from './layout.ts';

/**
 * The licences of what others wrote and the images carry: MIT, BSD, Apache and LGPL all ask that their text travels
 * with copies of the work. Equal input gives equal text.
 */

/** Name of the file with the texts, wherever it lies. */
export const LICENCES = 'LICENSES';

/** Debian writes these down once and lets the packages name them; see https://www.debian.org/doc/debian-policy/. */
const COMMON = '/usr/share/common-licenses';

interface Section {
  readonly title: string;
  readonly text: string;
}

/** The text for the runtime: Node with all that it contains, and the libraries that it loads. */
export async function runtimeLicences(node: string, libraries: readonly DebianFile[]): Promise<string> {
  const place = `${ROOT}/node_modules/node/node_modules/node-${process.platform}-${process.arch}/LICENSE`;
  const section = { title: `Node.js ${node}`, text: await readFile(place, 'utf8') };
  return textOf([section, ...(await debianLicences(libraries))]);
}

/** The text for a program: ours, the packages at these places of the lock file, and the Go of the launcher. */
export async function programLicences(packages: readonly string[]): Promise<string> {
  const own = { title: 'service-with-healthchecks', text: await readFile(`${ROOT}/LICENSE`, 'utf8') };
  return textOf([own, await goLicence(), ...(await Promise.all(packages.map(packageLicence)))]);
}

/** What the source packages say of their libraries, and the licences that they refer to. */
async function debianLicences(libraries: readonly DebianFile[]): Promise<readonly Section[]> {
  const packages = libraries.flatMap(({ debian }) => (debian === undefined ? [] : [debian]));
  const bySource = new Map(packages.map((one) => [one.source, one]));
  const ofSources = await Promise.all(
    [...bySource.values()].map(async ({ source, version, package: name }) => ({
      title: `${source} ${version} (Debian)`,
      text: await readFile(`/usr/share/doc/${name}/copyright`, 'utf8'),
    })),
  );
  const named = ofSources.flatMap(({ text }) => text.match(/(?<=common-licenses\/)[A-Z][\w.-]*\w/g) ?? []);
  // A name without a version is a link to the newest.
  const files = await Promise.all(named.map((name) => realpath(`${COMMON}/${name}`)));
  const ofCommon = await Promise.all(
    [...new Set(files)].map(async (file) => ({ title: basename(file), text: await readFile(file, 'utf8') })),
  );
  return [...byTitle(ofSources), ...byTitle(ofCommon)];
}

async function goLicence(): Promise<Section> {
  const cwd = `${ROOT}/images/runtime/launcher`;
  const { stdout } = await promisify(execFile)('go', ['env', 'GOROOT', 'GOVERSION'], { cwd });
  const [root = '', version = ''] = stdout.split('\n');
  return {
    title: `Go ${version.replace(/^go/, '')}`,
    text: await readFile(`${root}/LICENSE`, 'utf8'),
  };
}

async function packageLicence(place: string): Promise<Section> {
  const folder = `${ROOT}/${place}`;
  const { name, version }: { readonly name: string; readonly version: string } = JSON.parse(
    await readFile(`${folder}/package.json`, 'utf8'),
  );
  const files = (await readdir(folder)).filter((file) => /^(?:licen[cs]e|copying|notice)\b/i.test(file));
  const texts = await Promise.all(files.toSorted().map((file) => readFile(`${folder}/${file}`, 'utf8')));
  const text =
    texts.length > 0 ? texts.join('\n') : licenceInReadme(await readFile(`${folder}/README.md`, 'utf8'));
  if (text === undefined)
    throw new Error(`${place} has no text of its licence: look where its authors keep it`);
  return { title: `${name} ${version}`, text };
}

/** The section on the licence, where a package has nothing else. */
function licenceInReadme(readme: string): string | undefined {
  const text = /^#+ *licen[cs]e *\n(.*?)(?=^#|$(?![\s\S]))/ims.exec(readme)?.[1]?.trim();
  return text === '' ? undefined : text;
}

function byTitle(sections: readonly Section[]): readonly Section[] {
  return sections.toSorted((a, b) => (a.title < b.title ? -1 : 1));
}

function textOf(sections: readonly Section[]): string {
  const line = '='.repeat(80);
  return sections.map(({ title, text }) => `${line}\n${title}\n${line}\n\n${text.trim()}\n`).join('\n');
}
