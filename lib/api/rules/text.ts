import { error, type Finding } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';

/** Every text of the healthcheck can be sent as UTF-8: no half of a surrogate pair. */
export function checkText({ healthcheck }: DefaultedSpec): readonly Finding[] {
  return checkValue('spec.healthcheck', healthcheck);
}

/** As deep as the schema: the value is pruned. */
function checkValue(path: string, value: unknown): readonly Finding[] {
  if (typeof value === 'string') {
    return value.isWellFormed() ? [] : [error(path, 'write the text in UTF-8: it holds half of a character')];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => checkValue(`${path}[${index}]`, item));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => checkValue(`${path}.${name}`, field));
}
