/** 65,536 IPv4 addresses for one run, named by their first two octets, such as `10.213`. */
export type AddressBlock = string;

/** The addresses of one node. */
export interface NodeAddresses {
  readonly name: string;
  /** The node's own address of each family. */
  readonly address: string;
  readonly address6: string;
  /** The prefixes from which its pods get their addresses. */
  readonly podCidr: string;
  readonly podCidr6: string;
}

/** The addresses of one cluster. */
export interface AddressPlan {
  readonly block: AddressBlock;
  /** Prefix lengths of the network that joins the nodes. */
  readonly nodePrefixLength: 24;
  readonly nodePrefixLength6: 64;
  /** The root namespace's address on that network, where the API server listens. */
  readonly hub: string;
  readonly hub6: string;
  /** IPv4 first. */
  readonly serviceCidrs: readonly [string, string];
  /** Everything of the cluster, for masquerading rules. IPv4 first. */
  readonly clusterCidrs: readonly [string, string];
}

/** More nodes than this do not fit into a block. */
export const maxNodes = 199;

/** Blocks in the order in which they are tried: seldom used parts of 10/8, then those of RFC 2544. */
export const addressBlocks: readonly AddressBlock[] = [
  ...Array.from({ length: 56 }, (_, index) => `10.${200 + index}`),
  '198.18',
  '198.19',
];

/** Lays out a block. */
export function planAddresses(block: AddressBlock): AddressPlan {
  return {
    block,
    nodePrefixLength: 24,
    nodePrefixLength6: 64,
    hub: `${block}.0.1`,
    hub6: `${prefix6(block)}::1`,
    serviceCidrs: [`${block}.250.0/24`, `${prefix6(block)}:fa::/112`],
    clusterCidrs: [`${block}.0.0/16`, `${prefix6(block)}::/48`],
  };
}

/** The addresses of the node with a number from 1 to `maxNodes`. Throws when the block is full. */
export function nodeAddresses(block: AddressBlock, number: number, name: string): NodeAddresses {
  if (number < 1 || number > maxNodes) {
    throw new Error(`node ${name}: a cluster holds at most ${maxNodes} nodes`);
  }
  return {
    name,
    address: `${block}.0.${10 + number}`,
    address6: `${prefix6(block)}::${(10 + number).toString(16)}`,
    podCidr: `${block}.${number}.0/24`,
    podCidr6: `${prefix6(block)}:${number.toString(16)}::/64`,
  };
}

/** The pod address with a number from 1 to 254 in the node's prefixes, IPv4 first. */
export function podAddresses(node: NodeAddresses, number: number): readonly [string, string] {
  const v4 = node.podCidr.replace(/\.0\/24$/, `.${number}`);
  const v6 = node.podCidr6.replace(/::\/64$/, `::${number.toString(16)}`);
  return [v4, v6];
}

/** The blocks that overlap none of the IPv4 destinations in use (`10.0.0.0/8`, `192.0.2.7`). */
export function freeBlocks(destinationsInUse: readonly string[]): readonly AddressBlock[] {
  return addressBlocks.filter(
    (block) => !destinationsInUse.some((destination) => overlaps(`${block}.0.0/16`, destination)),
  );
}

/** Whether two IPv4 prefixes share an address. An address alone is a prefix of length 32. */
export function overlaps(a: string, b: string): boolean {
  const [first, second] = [parsePrefix(a), parsePrefix(b)];
  const size = 2 ** (32 - Math.min(first.length, second.length));
  return Math.floor(first.value / size) === Math.floor(second.value / size);
}

function parsePrefix(text: string): { readonly value: number; readonly length: number } {
  const [address = '', length = '32'] = text.split('/');
  const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { value, length: Number(length) };
}

/** A unique local prefix (RFC 4193) of 48 bits whose last 16 bits are the block's two octets. */
function prefix6(block: AddressBlock): string {
  const [first, second] = block.split('.').map(Number);
  return `fd53:5748:${((first ?? 0) * 256 + (second ?? 0)).toString(16)}`;
}
