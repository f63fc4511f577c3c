/** `npm run build`: everything that the images and the module ship, into dist/. */
import { buildProduct } from './build-product.ts';
import { productVersion } from './bundle.ts';
import { DIST } from './layout.ts';

await buildProduct({ folder: DIST, version: await productVersion() });
