import { nft } from '../../dev/cluster/nft-command.ts';

/** An address and a port to which connections may be opened. */
export interface AllowedTarget {
  readonly address: string;
  readonly port: number;
}

/** Packets that opened something out of the namespace, by where they went. */
export interface SeenPackets {
  readonly toApiServer: number;
  readonly toTargets: number;
  /** Everything else, loopback included; none of them left. */
  readonly stray: number;
  /** Where the stray ones were to go: `address . port`, or the address alone. */
  readonly strayTargets: readonly string[];
}

/**
 * Watches all that leaves a node's network namespace: segments that open a TCP connection, and every packet of another
 * protocol but ICMP, which programs without rights cannot send. What is not allowed is counted and dropped.
 */
export class PacketWitness {
  readonly #netns: string;

  private constructor(netns: string) {
    this.#netns = netns;
  }

  /** Begins to watch; targets are allowed later. */
  static async start(netns: string, apiServer: AllowedTarget): Promise<PacketWitness> {
    await nft(
      netns,
      `table inet witness {
         set targets4 { type ipv4_addr . inet_service; }
         set targets6 { type ipv6_addr . inet_service; }
         set strays4 { type ipv4_addr . inet_service; flags dynamic; size 1024; }
         set strays6 { type ipv6_addr . inet_service; flags dynamic; size 1024; }
         counter toApiServer { }
         counter toTargets { }
         counter stray { }
         chain output {
           type filter hook output priority 0;
           tcp flags & (syn | ack) != syn accept
           meta l4proto { icmp, icmpv6 } accept
           ip daddr ${apiServer.address} tcp dport ${apiServer.port} counter name toApiServer accept
           ip daddr . tcp dport @targets4 counter name toTargets accept
           ip6 daddr . tcp dport @targets6 counter name toTargets accept
           add @strays4 { ip daddr . th dport }
           add @strays6 { ip6 daddr . th dport }
           counter name stray drop
         }
       }`,
    );
    return new PacketWitness(netns);
  }

  /** From now on these targets, and no others, are allowed. */
  async allow(targets: readonly AllowedTarget[]): Promise<void> {
    const ofFamily = (isSix: boolean) =>
      [
        ...new Set(
          targets
            .filter(({ address }) => address.includes(':') === isSix)
            .map(({ address, port }) => `${address} . ${port}`),
        ),
      ].join(', ');
    const fill = (set: string, elements: string) => [
      `flush set inet witness ${set}`,
      ...(elements === '' ? [] : [`add element inet witness ${set} { ${elements} }`]),
    ];
    // One transaction: no packet meets a half-filled set.
    await nft(
      this.#netns,
      [...fill('targets4', ofFamily(false)), ...fill('targets6', ofFamily(true)), ''].join('\n'),
    );
  }

  async seen(): Promise<SeenPackets> {
    const text = await nft(this.#netns, 'list table inet witness\n');
    return {
      toApiServer: packetsOf(text, 'toApiServer'),
      toTargets: packetsOf(text, 'toTargets'),
      stray: packetsOf(text, 'stray'),
      strayTargets: ['strays4', 'strays6'].flatMap((set) => elementsOf(text, set)),
    };
  }
}

function packetsOf(table: string, counter: string): number {
  const packets = new RegExp(`counter ${counter} \\{\\s+packets (\\d+)`).exec(table)?.[1];
  if (packets === undefined) throw new Error(`nft lists no counter ${counter}`);
  return Number(packets);
}

function elementsOf(table: string, set: string): readonly string[] {
  const elements = new RegExp(`set ${set} \\{[^}]*?elements = \\{([^}]*)\\}`).exec(table)?.[1] ?? '';
  return elements
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}
