import { error, type Finding } from '#lib/api/finding.ts';
import type { SchemaError } from '#lib/api/generated/validate.js';

/** More would not help a reader, and the list ends up in a status message. */
const MOST_FINDINGS = 20;

/** The broken keywords of a schema in the words of a user. */
export function schemaFindings(errors: readonly SchemaError[]): readonly Finding[] {
  return errors.slice(0, MOST_FINDINGS).map((one) => error(pathOf(one), messageOf(one)));
}

function pathOf({ instancePath, params }: SchemaError): string {
  const missing = params['missingProperty'];
  const segments = instancePath.split('/').slice(1).map(unescaped);
  if (typeof missing === 'string') segments.push(missing);
  return segments.reduce(
    (path, name) => (/^\d+$/.test(name) ? `${path}[${name}]` : `${path}.${name}`),
    'spec',
  );
}

/** Undoes the escapes of a JSON pointer (RFC 6901). */
function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

function messageOf({ keyword, message, params }: SchemaError): string {
  switch (keyword) {
    case 'required':
      return 'write this field: it is required';
    case 'enum':
      return `write one of ${allowedOf(params)}`;
    case 'type':
      return `write a value of type ${String(params['type']).replace(',', ' or ')}`;
    case 'minimum':
    case 'maximum':
      return `write a number ${String(params['comparison'])} ${String(params['limit'])}`;
    case 'maxLength':
      return `write at most ${String(params['limit'])} characters`;
    case 'maxItems':
      return `write at most ${String(params['limit'])} entries`;
    default:
      return message ?? `breaks the rule ${keyword}`;
  }
}

function allowedOf(params: SchemaError['params']): string {
  const allowed = params['allowedValues'];
  return Array.isArray(allowed) ? allowed.filter((value) => value !== '').join(', ') : 'the allowed values';
}
