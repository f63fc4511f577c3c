/** Lets many work side by side, or one alone: who asks to be alone waits for the others, and they for it. */
export class SharedLock {
  #sharing = 0;
  #isTaken = false;
  readonly #waiting: { readonly isAlone: boolean; readonly start: () => void }[] = [];

  /** Runs the work beside that of others. */
  share<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(false, work);
  }

  /** Runs the work while no other runs. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(true, work);
  }

  async #run<T>(isAlone: boolean, work: () => Promise<T>): Promise<T> {
    const { promise, resolve: start } = Promise.withResolvers<void>();
    this.#waiting.push({ isAlone, start });
    this.#admit();
    await promise;
    try {
      return await work();
    } finally {
      if (isAlone) this.#isTaken = false;
      else this.#sharing -= 1;
      this.#admit();
    }
  }

  /** In the order of asking, so that nobody waits for ever. */
  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#isTaken || (next.isAlone && this.#sharing > 0)) return;
      this.#waiting.shift();
      if (next.isAlone) this.#isTaken = true;
      else this.#sharing += 1;
      next.start();
    }
  }
}
