import { createHash } from 'node:crypto';
import { canonicalJson } from '#lib/core/canonical-json.ts';

/**
 * 16 hexadecimal characters of the SHA-256 of a value: enough that two values of one cluster never meet (64 bits),
 * short enough for names and labels. Equal data gives the same hash on every machine and in every release.
 */
export function shortHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest().toString('hex', 0, 8);
}
