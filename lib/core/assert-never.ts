/** Ends an exhaustive switch: compiles only if every case is handled. Throws if data broke its type. */
export function assertNever(value: never, what: string): never {
  throw new Error(`bug: unexpected ${what}: ${JSON.stringify(value)}`);
}
