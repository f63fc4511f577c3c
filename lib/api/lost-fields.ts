import { SPEC_SHAPE } from '#lib/api/generated/spec-shape.ts';
import { isRecord, type Shape } from '#lib/api/prune.ts';
import { parseJson } from '#lib/core/json.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Paths of fields in the manifest that was applied last and that the resource does not have: the API server has removed
 * them without a word in the object. Each once, sorted. Only client-side apply leaves its manifest behind; of other tools
 * nothing is known, and the list is empty.
 */
export function lostFields(annotations: Readonly<Record<string, string>>): readonly string[] {
  const manifest = parseJson(annotations[LAST_APPLIED]);
  if (!isRecord(manifest)) return [];
  return [...new Set(undeclared(manifest['spec'], SPEC_SHAPE, 'spec'))].toSorted();
}

function undeclared(value: unknown, shape: Shape, path: string): readonly string[] {
  if (shape.kind === 'list' && Array.isArray(value)) {
    return value.flatMap((item) => undeclared(item, shape.items, `${path}[]`));
  }
  if (shape.kind !== 'object' || !isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const child = Object.hasOwn(shape.properties, name) ? shape.properties[name] : undefined;
    return child === undefined ? [`${path}.${name}`] : undeclared(field, child, `${path}.${name}`);
  });
}
