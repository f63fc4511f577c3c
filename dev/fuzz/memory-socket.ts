import { Socket } from 'node:net';

/** A socket without a connection: what is written to it is kept, what it receives is told to it. */
export class MemorySocket extends Socket {
  readonly #written: Buffer[] = [];

  get written(): Buffer {
    return Buffer.concat(this.#written);
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#written.push(bytes);
    callback();
  }

  /** As the network does, and at once. */
  receive(bytes: Buffer): void {
    this.emit('data', bytes);
  }

  override resetAndDestroy(): this {
    return this.destroy();
  }
}
