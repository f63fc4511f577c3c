import { type KubernetesObject, keyOf } from '#lib/core/kubernetes.ts';

/** The values of one index under which an object is found. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Objects by key, and by the values of indexes. Holds what it is given; knows nothing of versions. */
export class ObjectCache<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>();
  readonly #functions: ReadonlyMap<string, IndexFunction<T>>;
  /** Per index: value → key → object. Empty values are removed. */
  readonly #indexes = new Map<string, Map<string, Map<string, T>>>();
  /** The answer of `all`, kept until something changes. */
  #all: readonly T[] | undefined;

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>>) {
    this.#functions = new Map(Object.entries(indexes));
    for (const name of this.#functions.keys()) this.#indexes.set(name, new Map());
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  all(): readonly T[] {
    this.#all ??= [...this.#objects.values()];
    return this.#all;
  }

  /** Throws for an index that was not declared. */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`bug: no index ${name}`);
    return [...(index.get(value)?.values() ?? [])];
  }

  set(object: T): void {
    const key = keyOf(object);
    this.delete(key);
    this.#all = undefined;
    this.#objects.set(key, object);
    for (const [index, value] of this.#entriesOf(object)) {
      const found = index.get(value) ?? new Map<string, T>();
      index.set(value, found.set(key, object));
    }
  }

  delete(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined) return;
    this.#all = undefined;
    this.#objects.delete(key);
    for (const [index, value] of this.#entriesOf(object)) {
      const found = index.get(value);
      found?.delete(key);
      if (found?.size === 0) index.delete(value);
    }
  }

  #entriesOf(object: T): readonly (readonly [Map<string, Map<string, T>>, string])[] {
    return [...this.#functions].flatMap(([name, valuesOf]) => {
      const index = this.#indexes.get(name);
      return index === undefined ? [] : valuesOf(object).map((value) => [index, value] as const);
    });
  }
}
