import { netnsCommand } from '../../dev/cluster/netns-command.ts';
import { nft } from '../../dev/cluster/nft-command.ts';

/** What is translated: one TCP port of a cluster IP, to any of some addresses. */
export interface TranslatedService {
  readonly clusterIp: string;
  readonly port: number;
  readonly endpoints: readonly string[];
  readonly endpointPort: number;
}

/** Rules of one Service in a network namespace, in the shape that kube-proxy gives them. They go with the namespace. */
export interface ServiceRules {
  /** Adds them, and the rule that rejects a new connection that still goes to the cluster IP. */
  install(): Promise<void>;
  /** Puts the same rules of the Service in their own place, in one transaction. */
  rewrite(): Promise<void>;
}

/** A chain for each endpoint, an anonymous map in the chain of the Service, a named map from cluster IPs to those chains. */
export function nftablesRules(netns: string, service: TranslatedService): ServiceRules {
  const { clusterIp, port, endpoints, endpointPort } = service;
  const choice = endpoints.map((_, index) => `${index} : goto endpoint-${index}`).join(', ');
  const rule = `numgen random mod ${endpoints.length} vmap { ${choice} }`;
  const chains = endpoints.map(
    (address, index) => `chain endpoint-${index} { meta l4proto tcp dnat to ${address}:${endpointPort}; }`,
  );
  const table = `table ip bench {
    set cluster-ips { type ipv4_addr; elements = { ${clusterIp} }; }
    ${chains.join('\n')}
    chain service { ${rule}; }
    map services {
      type ipv4_addr . inet_proto . inet_service : verdict
      elements = { ${clusterIp} . tcp . ${port} : goto service }
    }
    chain translate {
      type nat hook output priority -100; policy accept;
      ip daddr . meta l4proto . th dport vmap @services;
    }
    chain refuse { ip daddr @cluster-ips reject; }
    chain check {
      type filter hook output priority 0; policy accept;
      ct state new jump refuse;
    }
  }`;
  return {
    async install() {
      await nft(netns, table);
    },
    async rewrite() {
      await nft(netns, `flush chain ip bench service\nadd rule ip bench service ${rule}\n`);
    },
  };
}

/** A chain for each endpoint, a chain of the Service that picks one by chance, a chain of all Services. */
export function iptablesRules(netns: string, service: TranslatedService): ServiceRules {
  const { clusterIp, port, endpoints, endpointPort } = service;
  const rewritten = [
    ...[':SERVICES - [0:0]', ':SERVICE - [0:0]'],
    ...endpoints.map((_, index) => `:ENDPOINT-${index} - [0:0]`),
    `-A SERVICES -d ${clusterIp}/32 -p tcp -m tcp --dport ${port} -j SERVICE`,
    ...endpoints.map((_, index) => `-A SERVICE ${chanceOf(endpoints.length - index)}-j ENDPOINT-${index}`),
    ...endpoints.map(
      (address, index) =>
        `-A ENDPOINT-${index} -p tcp -m tcp -j DNAT --to-destination ${address}:${endpointPort}`,
    ),
  ];
  const refuse = `-A OUTPUT -d ${clusterIp}/32 -m conntrack --ctstate NEW -j REJECT`;
  const nat = (...lines: readonly string[]) => ['*nat', ...lines, 'COMMIT'];
  return {
    async install() {
      const lines = [...nat(...rewritten, '-A OUTPUT -j SERVICES'), '*filter', refuse, 'COMMIT'];
      await restoreIptables(netns, lines);
    },
    rewrite: () => restoreIptables(netns, nat(...rewritten)),
  };
}

/** Of one rule in so many that are left. */
function chanceOf(left: number): string {
  return left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
}

/** Chains that are named are emptied first, others stay as they are. */
async function restoreIptables(netns: string, lines: readonly string[]): Promise<void> {
  await netnsCommand(netns, ['iptables-restore', '--noflush'], `${lines.join('\n')}\n`);
}
