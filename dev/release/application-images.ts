import { licencesOf } from '../build/bundle.ts';
import type { PROGRAMS } from '../build/layout.ts';
import { LICENCES } from '../build/licence-texts.ts';
import { RUNTIME } from '../build/runtime.ts';
import { readEntry, textFile } from './file-tree.ts';
import { type Image, imageOf, type Layer, layerOf } from './oci-image.ts';
import type { TarEntry } from './tar.ts';

/** Name of an image that runs in the cluster; also its key in images_digests.json. */
export type ApplicationName = (typeof PROGRAMS)[number];

/**
 * Where an image holds its program. A folder of its own, because the launcher looks for the runtime beside itself and
 * `/bin` is a link on the base that the werf build takes.
 */
export const PROGRAM_ROOT = 'opt/service-with-healthchecks';

/** The user that Deckhouse gives to its own components. */
const USER = 64535;

/** Where a container runtime mounts something: with a read-only root it could not make these itself. */
const MOUNT_POINTS = ['dev', 'proc', 'sys', 'tmp', 'var/run/secrets/kubernetes.io/serviceaccount'] as const;

/**
 * The images of the programs built in `product`. Each has two layers, with the licences of what is in them: the runtime, byte for byte the same in all of
 * them and in every release with the same Node and libraries, and the program, a few megabytes.
 */
export async function applicationImages(
  product: string,
  version: string,
): Promise<Readonly<Record<ApplicationName, Image>>> {
  const runtime = await runtimeLayer();
  const image = async (name: ApplicationName): Promise<Image> => {
    const labels = {
      'org.opencontainers.image.title': name,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    };
    return imageOf([runtime, await programLayer(product, name)], {
      User: `${USER}:${USER}`,
      Entrypoint: [`/${PROGRAM_ROOT}/bin/${name}`],
      WorkingDir: '/',
      Labels: labels,
    });
  };
  return { agent: await image('agent'), controller: await image('controller') };
}

async function runtimeLayer(): Promise<Layer> {
  const place = `${PROGRAM_ROOT}/runtime`;
  const parts = ['node', 'lib', LICENCES].map((part) => readEntry(`${RUNTIME}/${part}`, `${place}/${part}`));
  return layerOf((await Promise.all(parts)).flat());
}

async function programLayer(product: string, name: ApplicationName): Promise<Layer> {
  const bundle = `app/${name}.cjs`;
  return layerOf([
    ...(await readEntry(`${product}/bin/${name}`, `${PROGRAM_ROOT}/bin/${name}`)),
    ...(await readEntry(`${product}/${bundle}`, `${PROGRAM_ROOT}/${bundle}`)),
    ...(await readEntry(`${product}/${licencesOf(bundle)}`, `${PROGRAM_ROOT}/${licencesOf(bundle)}`)),
    textFile('etc/passwd', `root:x:0:0:root:/:/\ndeckhouse:x:${USER}:${USER}:deckhouse:/:/\n`),
    textFile('etc/group', `root:x:0:\ndeckhouse:x:${USER}:\n`),
    // An API server may be named by a host name; glibc's own default would ask no DNS server.
    textFile('etc/nsswitch.conf', 'hosts: files dns\n'),
    ...MOUNT_POINTS.map((path): TarEntry => ({ kind: 'directory', path })),
  ]);
}
