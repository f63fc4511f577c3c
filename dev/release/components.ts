import { readFile } from 'node:fs/promises';
import { ROOT } from '../build/layout.ts';
import type { RuntimeOrigin } from '../build/runtime.ts';

/** A piece of software of somebody else that the images carry. */
export interface Component {
  /** Unique, in kebab-case. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly link: string;
  /** SPDX expression. */
  readonly license: string;
  /** Package URL; see https://github.com/package-url/purl-spec. */
  readonly purl: string;
  /** SHA-512 of the package, hexadecimal, where the lock file has it. */
  readonly sha512?: string;
}

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
}

interface PackageManifest {
  readonly name: string;
  readonly description?: string;
  readonly homepage?: string;
  readonly repository?: string | { readonly url: string };
}

/** The packages as components. Throws when the lock file does not hold one or it has no licence. */
export async function npmComponents(places: readonly string[]): Promise<readonly Component[]> {
  const lock = await lockFile();
  return Promise.all(places.map((place) => npmComponent(place, lock)));
}

async function npmComponent(place: string, lock: LockedPackages): Promise<Component> {
  const locked = lock[place];
  if (locked?.license === undefined) throw new Error(`package-lock.json has no licence of ${place}`);
  // Every installed package has a manifest of this form.
  const manifest = JSON.parse(await readFile(`${ROOT}/${place}/package.json`, 'utf8')) as PackageManifest;
  const { name } = manifest;
  return {
    id: name.replace('@', '').replaceAll(/[/.]/g, '-'),
    name,
    version: locked.version,
    description: manifest.description ?? name,
    link: linkOf(manifest),
    license: locked.license,
    purl: `pkg:npm/${name.replace('@', '%40')}@${locked.version}`,
    ...(locked.integrity?.startsWith('sha512-') && { sha512: hex(locked.integrity.slice(7)) }),
  };
}

/** Node, the libraries that travel with it, and the Go code of the launcher. */
export async function runtimeComponents(
  origin: RuntimeOrigin,
  goVersion: string,
): Promise<readonly Component[]> {
  const node = (await lockFile())['node_modules/node']?.version;
  if (origin.node !== `v${node}`)
    throw new Error(`the runtime is ${origin.node}, package-lock.json has ${node}`);
  const go = goVersion.replace(/^go/, '');
  return [
    { ...NODE, version: node ?? '', purl: `pkg:npm/node@${node}` },
    { ...GO, version: go, purl: `pkg:golang/stdlib@${go}` },
    ...libraryComponents(origin),
  ];
}

/** One component for each source package: libc6 holds most of the libraries. Versions are upstream's. */
function libraryComponents({ libraries }: RuntimeOrigin): readonly Component[] {
  const bySource = new Map<string, Component>();
  for (const { file, debian } of libraries) {
    if (debian === undefined) {
      throw new Error(`${file} of the runtime is from no Debian package: make releases on Debian`);
    }
    const source = debian.source.replace(/-\d+$/, '');
    const known = LIBRARIES[source];
    if (known === undefined)
      throw new Error(`name the licence of ${debian.source} in dev/release/components.ts`);
    const version = debian.version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
    const purl = `pkg:deb/debian/${debian.source}@${encodeURIComponent(debian.version)}?arch=source`;
    bySource.set(source, { ...known, version, purl });
  }
  return [...bySource.values()];
}

type Described = Omit<Component, 'version' | 'purl'>;

const NODE: Described = {
  id: 'nodejs',
  name: 'Node.js',
  description: 'Runs the controller, the agents and the hooks.',
  link: 'https://github.com/nodejs/node',
  license: 'MIT',
};

const GO: Described = {
  id: 'go',
  name: 'Go',
  description: 'Its standard library is part of the launcher, the static program that starts Node.',
  link: 'https://github.com/golang/go',
  license: 'BSD-3-Clause',
};

/** By Debian source package, without the version in its name. */
const LIBRARIES: Readonly<Record<string, Described>> = {
  glibc: {
    id: 'glibc',
    name: 'GNU C Library',
    description: 'The loader and the C library that Node runs with.',
    link: 'https://www.gnu.org/software/libc/',
    license: 'LGPL-2.1-or-later',
  },
  gcc: {
    id: 'gcc-runtime-libraries',
    name: 'GCC runtime libraries',
    description: 'libstdc++, libgcc_s and libatomic, which Node runs with.',
    link: 'https://gcc.gnu.org/',
    license: 'GPL-3.0-or-later WITH GCC-exception-3.1',
  },
};

type LockedPackages = Readonly<Record<string, LockedPackage>>;

async function lockFile(): Promise<LockedPackages> {
  const lock: { readonly packages: LockedPackages } = JSON.parse(
    await readFile(`${ROOT}/package-lock.json`, 'utf8'),
  );
  return lock.packages;
}

function linkOf({ name, homepage, repository }: PackageManifest): string {
  const url = typeof repository === 'object' ? repository.url : repository;
  if (url === undefined) return homepage ?? `https://www.npmjs.com/package/${name}`;
  const path = /(?:github\.com[/:]|^(?:github:)?)([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(url)?.[1];
  return path === undefined ? url.replace(/^git\+/, '') : `https://github.com/${path}`;
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}
