const DECIMAL = /^[0-9]+$/;

/**
 * Whether version `a` is older than `b`. Both must be of one resource: there the API server promises decimal
 * numbers that grow with each write. Versions of any other form are never older.
 */
export function isOlder(a: string, b: string): boolean {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}
