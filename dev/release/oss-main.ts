/** `npm run oss`: builds the product and writes oss.yaml from what is in it. */
import { writeFile } from 'node:fs/promises';
import { buildProduct } from '../build/build-product.ts';
import { productVersion } from '../build/bundle.ts';
import { DIST, ROOT } from '../build/layout.ts';
import { ossList } from './oss-list.ts';
import { shippedComponents } from './shipped-components.ts';

const { metafiles } = await buildProduct({ folder: DIST, version: await productVersion() });
const components = await shippedComponents(DIST, metafiles);
await writeFile(`${ROOT}/oss.yaml`, ossList(components));
console.log(`oss.yaml: ${components.length} entries`);
