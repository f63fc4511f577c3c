import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProduct } from '../build/build-product.ts';
import { applicationImages } from './application-images.ts';
import { bundleImage, registrationImage, releaseImage } from './module-images.ts';
import { moduleName } from './module-name.ts';
import { ossList } from './oss-list.ts';
import { type Release, writeRelease } from './release-folder.ts';
import type { ReleaseVersion } from './release-version.ts';
import { sbomOf } from './sbom.ts';
import { shippedComponents } from './shipped-components.ts';

/** Builds the product with this version and puts the release into `folder`. Equal input gives equal bytes. */
export async function makeRelease(version: ReleaseVersion, folder: string): Promise<Release> {
  const product = join(folder, 'product');
  await mkdir(folder, { recursive: true });
  try {
    const { metafiles } = await buildProduct({ folder: product, version: version.slice(1) });
    const module = await moduleName();
    const { agent, controller } = await applicationImages(product, version);
    const digests = { agent: agent.digest, controller: controller.digest };
    const bundle = await bundleImage({ version, product, digests });
    const [release, registration] = await Promise.all([releaseImage(version), registrationImage()]);
    const all = {
      ...digests,
      bundle: bundle.digest,
      release: release.digest,
      registration: registration.digest,
    };
    const components = await shippedComponents(product, metafiles);
    const made: Release = {
      record: { module, version, digests: all },
      images: { agent, controller, bundle, release, registration },
      sbom: sbomOf(module, version, components),
      oss: ossList(components),
    };
    await writeRelease(folder, made);
    return made;
  } finally {
    await rm(product, { recursive: true, force: true });
  }
}
