/** More than the pods of a node have states; when there are more, all are forgotten and sharing begins anew. */
const MOST_VALUES = 1024;

/** Values of JSON of which equal ones are to take memory once. They must not be changed. */
export class SharedValues {
  readonly #values = new Map<string, unknown>();

  /** The same value for all that are equal. */
  share<T>(value: T): T {
    const key = JSON.stringify(value);
    const known = this.#values.get(key);
    // Equal JSON is of the same type.
    if (known !== undefined) return known as T;
    if (this.#values.size >= MOST_VALUES) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }
}
