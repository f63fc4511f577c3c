import { nodeAddresses, podAddresses } from '../../dev/cluster/address-plan.ts';
import type { Change, Step } from '../../dev/oracle/change.ts';
import {
  aPodModel,
  INITIAL_WORLD,
  NODE_NAMES,
  type PodModel,
  type ServiceModel,
} from '../../dev/oracle/world.ts';

/** Worlds in which kube-proxy and CoreDNS have something to say. */
export interface ConsumerCase {
  readonly name: string;
  readonly service: Partial<ServiceModel>;
  /** Parts of what they must say, so that they do not agree on nothing. */
  readonly want: readonly RegExp[];
}

const TWO_FAMILIES: Partial<ServiceModel> = {
  families: { primary: 'IPv4', policy: 'RequireDualStack', isExplicit: true },
};
const PORTS: Partial<ServiceModel> = {
  ports: [
    { name: 'http', port: 80, protocol: 'TCP', targetPort: 'web' },
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 5353 },
    { name: 'absent', port: 99, protocol: 'TCP', targetPort: 'absent' },
  ],
};
const HEADLESS: Partial<ServiceModel> = { ...TWO_FAMILIES, ...PORTS, isHeadless: true };

export const CONSUMER_CASES: readonly ConsumerCase[] = [
  {
    name: 'a Service of two families with node ports and affinity',
    service: { ...TWO_FAMILIES, ...PORTS, type: 'NodePort', sessionAffinity: 'ClientIP' },
    want: [
      /endpoint-.*\.1\.1\/8080/,
      /endpoint-.*\.\.1\/8080/,
      /NODE_PORT/,
      /reject-chain/,
      /-A KUBE-SEP .* DNAT --to-destination .*\.1\.1:8080/,
      /-A KUBE-SVC .* --rcheck --seconds 10800/,
      /-A KUBE-NODEPORTS .*NAMESPACE\/web:http/,
      /-A KUBE-SERVICES .*NAMESPACE\/web:absent has no endpoints.* REJECT/,
      /^A CLUSTER_IP/,
    ],
  },
  {
    name: 'a Service that keeps to the zone',
    service: { ...PORTS, trafficDistribution: 'PreferSameZone' },
    want: [/numgen random mod 1 .*\.1\.1\/8080/, /-A KUBE-SVC .*NAMESPACE\/web:http -> .*\.1\.1:8080/],
  },
  {
    name: 'a Service that keeps to the node',
    service: { ...PORTS, internalTrafficPolicy: 'Local' },
    want: [/numgen random mod 1 .*\.1\.1\/8080/, /NAMESPACE\/web:http has no local endpoints.* DROP/],
  },
  {
    name: 'a Service that publishes the unready',
    service: { ...PORTS, publishNotReadyAddresses: true },
    want: [/numgen random mod 4 /, /-A KUBE-SVC .*--probability 0\.25/],
  },
  {
    name: 'a headless Service with names of pods',
    service: HEADLESS,
    want: [
      /^A .*\.1\.1$/,
      /^AAAA .*::1$/,
      /^SRV _http\._tcp.* first\.web\..* 8080 /,
      /^SRV _absent\._tcp.* E/,
    ],
  },
  {
    name: 'a headless Service that publishes the unready',
    service: { ...HEADLESS, publishNotReadyAddresses: true },
    want: [/^A .*\.2\.1$/, /^SRV _dns\._udp.* second\.web\..* 5353 /],
  },
];

/** One step from the empty world: a ready pod on each node, one that is not ready, one that terminates. */
export function stepsOf({ service }: ConsumerCase, block: string): readonly Step[] {
  const [onFirst, onSecond, onThird] = NODE_NAMES.map((node, index) => (number: number) => ({
    node,
    ips: podAddresses(nodeAddresses(block, index + 1, node), number),
  }));
  if (onFirst === undefined || onSecond === undefined || onThird === undefined)
    throw new Error('three nodes');
  const named = (hostname: string) => ({ hostname, subdomain: 'web' });
  const model = { ...INITIAL_WORLD.service, ...service };
  return [
    [
      { kind: 'recreateService', what: 'case', service: model, isPatient: true },
      adding({ name: 'pod-1', ...onFirst(1), ...named('first') }),
      adding({ name: 'pod-2', ...onSecond(1), ...named('second'), containersReady: false }),
      adding({ name: 'pod-3', ...onThird(1), layout: 'other-number' }),
      adding({ name: 'pod-4', ...onThird(2), layout: 'no-ports' }),
      { kind: 'terminatePod', name: 'pod-4' },
    ],
  ];
}

function adding(given: Partial<PodModel> & { readonly name: string }): Change {
  return { kind: 'addPod', pod: aPodModel(given) };
}
