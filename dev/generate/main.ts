import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCrdSchema } from './crd-schema.ts';
import { resourceTypes } from './resource-types.ts';
import { specShapeModule } from './spec-shape.ts';
import { VALIDATOR_DECLARATION, validatorModule } from './validator.ts';

/** Writes lib/api/generated from the custom resource definition. Same input, same output. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TARGET = join(ROOT, 'lib/api/generated');

const schema = readCrdSchema(join(ROOT, 'crds/servicewithhealthchecks.yaml'));
const files = {
  'resource.ts': await resourceTypes(schema),
  'spec-shape.ts': specShapeModule(schema),
  'validate.js': await validatorModule(schema, ROOT),
  'validate.d.ts': VALIDATOR_DECLARATION,
};

mkdirSync(TARGET, { recursive: true });
for (const [name, content] of Object.entries(files)) writeFileSync(join(TARGET, name), content);
