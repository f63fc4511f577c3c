import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** Drops the packets to single TCP ports of one network namespace, and no others. Goes with the namespace. */
export class PacketDrop {
  readonly #netns: string;

  private constructor(netns: string) {
    this.#netns = netns;
  }

  /** Makes the rule, with no port in it. Needs root. */
  static async open(netns: string): Promise<PacketDrop> {
    const drop = new PacketDrop(netns);
    await drop.#nft('add table inet bench');
    await drop.#nft('add set inet bench ports { type inet_service; }');
    await drop.#nft('add chain inet bench input { type filter hook input priority 0; }');
    await drop.#nft('add rule inet bench input tcp dport @ports drop');
    return drop;
  }

  /** In force when it resolves. */
  add(port: number): Promise<void> {
    return this.#nft(`add element inet bench ports { ${port} }`);
  }

  /** No longer in force when it resolves. */
  remove(port: number): Promise<void> {
    return this.#nft(`delete element inet bench ports { ${port} }`);
  }

  async #nft(command: string): Promise<void> {
    await execFileAsync('ip', ['netns', 'exec', this.#netns, 'nft', command]);
  }
}
