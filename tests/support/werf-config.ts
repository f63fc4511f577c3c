import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../dev/build/layout.ts';
import { helm } from '../../dev/cluster/helm.ts';
import { parseYamlDocuments } from '../../dev/manifest/yaml.ts';

/** Files of the work tree put into an image. */
export interface WerfGit {
  readonly add: string;
  readonly to: string;
  readonly includePaths?: readonly string[];
}

/** Files of another image put into an image. */
export interface WerfImport {
  readonly image: string;
  readonly add: string;
  readonly to: string;
  readonly includePaths?: readonly string[];
}

/** What werf.yaml says of an image, as far as tests look. */
export interface WerfImage {
  readonly image: string;
  readonly from?: string;
  readonly fromImage?: string;
  readonly final?: boolean;
  readonly git?: readonly WerfGit[];
  readonly import?: readonly WerfImport[];
  readonly dependencies?: readonly {
    readonly image: string;
    readonly imports: readonly { targetEnv: string }[];
  }[];
  readonly shell?: Readonly<Record<string, readonly string[]>>;
  readonly imageSpec?: { readonly config: { readonly entrypoint: readonly string[] } };
}

const BASE_IMAGES = `REGISTRY_PATH: registry.example.com/base_images
builder/distroless: "sha256:${'d'.repeat(64)}"
builder/golang-bookworm: "sha256:${'b'.repeat(64)}"
builder/scratch: "sha256:${'5'.repeat(64)}"
builder/unused: "sha256:${'0'.repeat(64)}"
`;

/**
 * The images of werf.yaml by name, rendered for a version. Helm renders them: it has the template language, the
 * functions and the `.Files` of werf, except `env`, whose calls are replaced before.
 */
export async function renderWerfConfig(version: string): Promise<ReadonlyMap<string, WerfImage>> {
  const folder = mkdtempSync(join(tmpdir(), 'swh-werf-'));
  try {
    for (const path of ['.werf', 'images', 'werf.yaml']) {
      cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    }
    withVersion(join(folder, '.werf/release-facts.yaml'), version);
    writeFileSync(join(folder, 'base_images.yml'), BASE_IMAGES);
    writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: werf\nversion: 1.0.0\n');
    mkdirSync(join(folder, 'templates'));
    writeFileSync(join(folder, 'templates/werf.yaml'), '{{ tpl (.Files.Get "werf.yaml") $ }}\n');
    const rendered = await helm({ kubeconfig: '/dev/null', directory: folder }, ['template', 'werf', folder]);
    // Every document but the first describes an image.
    const images = parseYamlDocuments(rendered).slice(1) as readonly WerfImage[];
    return new Map(images.map((image) => [image.image, image]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withVersion(file: string, version: string): void {
  const text = readFileSync(file, 'utf8');
  const replaced = text.replaceAll(/env "MODULES_MODULE_TAG" "[^"]*"/g, `print "${version}"`);
  if (replaced === text) throw new Error(`${file} does not ask for the version`);
  writeFileSync(file, replaced);
}
