import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryLockFile } from '../process/lock-file.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { netnsFilesRoot } from '../process/run-record.ts';
import {
  type AddressBlock,
  type AddressPlan,
  freeBlocks,
  type NodeAddresses,
  nodeAddresses,
  planAddresses,
} from './address-plan.ts';
import { ip, ipBatch, setSysctls } from './ip-command.ts';

/** A node's network namespace. */
export interface NodeNetwork extends NodeAddresses {
  /** Name for `ip netns exec` and for `ProcessSpec.netns`. */
  readonly netns: string;
}

/**
 * Network namespaces that stand for nodes, joined by a bridge. The bridge lies in a namespace of its own, so
 * that the machine's firewall and forwarding rules have no part in the traffic between nodes; the root namespace
 * has one link to it. Every address of a node's pod prefixes is local in the node's namespace: a program there
 * listens on any of them without further ado. Needs root. Goes with its `ProcessHost`.
 */
export class Network {
  readonly plan: AddressPlan;
  readonly #host: ProcessHost;
  readonly #switch: string;
  readonly #nodes = new Map<string, NodeNetwork & { readonly port: string }>();

  private constructor(host: ProcessHost, plan: AddressPlan) {
    this.#host = host;
    this.plan = plan;
    this.#switch = `swh-${host.run.id}-switch`;
  }

  /** Takes a free address block and makes the bridge and the root namespace's link to it. */
  static async open(host: ProcessHost): Promise<Network> {
    if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run this as root');
    if (!existsSync('/proc/net/if_inet6')) throw new Error('this kernel runs without IPv6: enable it');
    const network = new Network(host, planAddresses(await claimBlock(host)));
    await network.#makeSwitch();
    return network;
  }

  /** All nodes, in the order in which they were added. */
  nodes(): readonly NodeNetwork[] {
    return [...this.#nodes.values()];
  }

  /** The node of that name; throws when there is none. */
  node(name: string): NodeNetwork {
    return this.#entry(name);
  }

  /** Makes a node's namespace and the routes between it, the other nodes and the root namespace. */
  async addNode(name: string): Promise<NodeNetwork> {
    const number = this.#nodes.size + 1;
    const netns = `swh-${this.#host.run.id}-${name}`;
    const node = { ...nodeAddresses(this.plan.block, number, name), netns, port: `port${number}` };
    await this.#makeNetns(netns);
    await ipBatch(this.#switch, [
      `link add ${node.port} type veth peer name eth0 netns ${netns}`,
      `link set ${node.port} master bridge up`,
    ]);
    await ipBatch(netns, [
      'link set eth0 up',
      `address add ${node.address}/${this.plan.nodePrefixLength} dev eth0`,
      `address add ${node.address6}/${this.plan.nodePrefixLength6} dev eth0 nodad`,
      `route add local ${node.podCidr} dev lo`,
      `route add local ${node.podCidr6} dev lo`,
      ...this.nodes().flatMap((other) => routesTo(other, 'eth0')),
    ]);
    for (const other of this.nodes()) await ipBatch(other.netns, routesTo(node, 'eth0'));
    for (const route of routesTo(node, this.#rootLink)) await ip(...route.split(' '));
    this.#nodes.set(name, node);
    return node;
  }

  /** Sends the traffic to ClusterIPs out of the node's namespace, where kube-proxy's rules catch it. */
  async routeServices(name: string): Promise<void> {
    const { netns } = this.node(name);
    await ipBatch(
      netns,
      this.plan.serviceCidrs.map((cidr) => `route add ${cidr} dev eth0`),
    );
  }

  /** Makes a DNS server the resolver of all programs that are started in the node's namespace later. */
  setResolver(name: string, server: string): void {
    const { netns } = this.node(name);
    const directory = join(netnsFilesRoot, netns);
    this.#host.record({ kind: 'netns-files', netns });
    mkdirSync(directory, { recursive: true });
    const search = 'default.svc.cluster.local svc.cluster.local cluster.local';
    writeFileSync(
      join(directory, 'resolv.conf'),
      `nameserver ${server}\nsearch ${search}\noptions ndots:5\n`,
    );
  }

  /** Pulls the node's plug: it keeps running and reaches nothing outside itself. */
  async disconnect(name: string): Promise<void> {
    await ipBatch(this.#switch, [`link set ${this.#entry(name).port} down`]);
  }

  async reconnect(name: string): Promise<void> {
    await ipBatch(this.#switch, [`link set ${this.#entry(name).port} up`]);
  }

  get #rootLink(): string {
    return `swh${this.#host.run.id}`;
  }

  #entry(name: string): NodeNetwork & { readonly port: string } {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no network namespace was made for node ${name}`);
    return node;
  }

  async #makeNetns(netns: string): Promise<void> {
    this.#host.record({ kind: 'netns', name: netns });
    await ip('netns', 'add', netns);
    await setSysctls(netns, sysctls);
    await ipBatch(netns, ['link set lo up']);
  }

  async #makeSwitch(): Promise<void> {
    const { hub, hub6, nodePrefixLength, nodePrefixLength6 } = this.plan;
    const link = this.#rootLink;
    await this.#makeNetns(this.#switch);
    await ipBatch(this.#switch, ['link add bridge type bridge forward_delay 0', 'link set bridge up']);
    this.#host.record({ kind: 'link', name: link });
    await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'root', 'netns', this.#switch);
    await ipBatch(this.#switch, ['link set root master bridge up']);
    await ip('address', 'add', `${hub}/${nodePrefixLength}`, 'dev', link);
    await ip('address', 'add', `${hub6}/${nodePrefixLength6}`, 'dev', link, 'nodad');
    await ip('link', 'set', link, 'up');
  }
}

const sysctls = {
  'net/ipv4/ip_forward': '1',
  'net/ipv6/conf/all/forwarding': '1',
  // Neighbours on the bridge are ours: an address is usable at once.
  'net/ipv6/conf/default/accept_dad': '0',
  'net/ipv6/conf/default/accept_ra': '0',
  // IPv6 has no other way to bind an address that is local by route only.
  'net/ipv6/ip_nonlocal_bind': '1',
  // Workloads run as ordinary users and take ports such as 25 and 80.
  'net/ipv4/ip_unprivileged_port_start': '0',
} as const;

function routesTo(node: NodeNetwork, device: string): readonly string[] {
  return [
    `route add ${node.podCidr} via ${node.address} dev ${device}`,
    `route add ${node.podCidr6} via ${node.address6} dev ${device}`,
  ];
}

/** Takes a block that overlaps no route of this machine and that no other run has taken. */
async function claimBlock(host: ProcessHost): Promise<AddressBlock> {
  // The output of `ip -json` has this shape.
  const routes = JSON.parse(await ip('-json', '-4', 'route', 'show', 'table', 'all')) as {
    readonly dst: string;
  }[];
  const inUse = routes.map(({ dst }) => dst).filter((destination) => /^\d/.test(destination));
  for (const block of freeBlocks(inUse)) {
    const path = `/run/swh-${block}.lock`;
    const owner = tryLockFile(path);
    if (owner === undefined) continue;
    host.record({ kind: 'lock', path, owner });
    return block;
  }
  throw new Error('no free address block: 10.200–10.255 and 198.18/15 are all routed or taken by other runs');
}
