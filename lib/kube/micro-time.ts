/** A time as Leases and Events want it: with exactly six digits after the second. */
export function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
