import { error, type Finding } from '#lib/api/finding.ts';
import type { HttpSpec } from '#lib/api/spec.ts';

/** `token` of RFC 9110, section 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the header.
const ENDS_HEADER = /[\x00\r\n]/;

/** Headers that can be sent: a valid name, a value on one line. */
export function checkHttpHeaders(
  path: string,
  headers: NonNullable<HttpSpec['httpHeaders']>,
): readonly Finding[] {
  return headers.flatMap(({ name, value }, index) => [
    ...(HEADER_NAME.test(name)
      ? []
      : [error(`${path}[${index}].name`, 'write letters, digits and hyphens, for example X-Probe')]),
    ...(ENDS_HEADER.test(value) ? [error(`${path}[${index}].value`, 'write the value on one line')] : []),
  ]);
}
