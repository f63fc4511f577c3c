import { describe, expect, it } from 'vitest';
import { iptablesRulesAbout } from '../../../../dev/oracle/iptables-rules.ts';

interface Given {
  readonly namespace: string;
  readonly clusterIp: string;
  /** Sixteen characters, of which kube-proxy makes the names of chains. */
  readonly hash: string;
  readonly nodePort: number;
}

/** Reduced from what kube-proxy writes for a Service of type NodePort with one endpoint. */
function rules({ namespace, clusterIp, hash, nodePort }: Given): string {
  const comment = (text: string): string => `-m comment --comment "${text}"`;
  const name = `${namespace}/web:http`;
  return `*nat
:KUBE-SVC-${hash} - [0:0]
-A KUBE-SERVICES -d ${clusterIp}/32 -p tcp ${comment(`${name} cluster IP`)} -m tcp --dport 80 -j KUBE-SVC-${hash}
-A KUBE-SERVICES -d 10.96.0.77/32 -p tcp ${comment('other/web:http cluster IP')} -m tcp --dport 80 -j KUBE-SVC-OTHEROTHEROTHER2
-A KUBE-NODEPORTS -p tcp ${comment(name)} -m tcp --dport ${nodePort} -j KUBE-EXT-${hash}
-A KUBE-EXT-${hash} -j KUBE-SVC-${hash}
-A KUBE-SVC-${hash} ${comment(`${name} -> 10.1.1.1:8080`)} -j KUBE-SEP-${hash}
-A KUBE-SEP-${hash} -p tcp ${comment(name)} -m tcp -j DNAT --to-destination 10.1.1.1:8080
-A KUBE-SEP-UNUSEDUNUSEDUNU2 -p tcp ${comment(name)} -m tcp -j DNAT --to-destination 10.1.1.9:8080
-A KUBE-SVC-OTHEROTHEROTHER2 ${comment('other/web:http -> 10.1.1.2:8080')} -j KUBE-SEP-OTHEROTHEROTHER2
COMMIT
`;
}

const PLAIN: Given = {
  namespace: 'pair-1-plain',
  clusterIp: '10.96.0.7',
  hash: 'AAAABBBBCCCCDDDD',
  nodePort: 30_303,
};
const TWIN: Given = {
  namespace: 'pair-1-twin',
  clusterIp: '10.96.0.9',
  hash: 'ZZZZ222233334444',
  nodePort: 31_108,
};

function about(given: Given, edit: (text: string) => string = (text) => text): readonly string[] {
  return iptablesRulesAbout(edit(rules(given)), {
    namespace: given.namespace,
    clusterIps: [given.clusterIp],
  });
}

describe('the iptables rules about a namespace', () => {
  it('are the same but for names, addresses and node ports', () => {
    expect(about(TWIN)).toEqual(about(PLAIN));
  });

  it('are its own and lead somewhere, with stand-ins', () => {
    expect(about(PLAIN)).toEqual([
      '-A KUBE-EXT -j KUBE-SVC',
      '-A KUBE-NODEPORTS -p tcp -m comment --comment "NAMESPACE/web:http" -m tcp --dport NODE_PORT -j KUBE-EXT',
      '-A KUBE-SEP -p tcp -m comment --comment "NAMESPACE/web:http" -m tcp -j DNAT --to-destination 10.1.1.1:8080',
      '-A KUBE-SERVICES -d CLUSTER_IP/32 -p tcp -m comment --comment "NAMESPACE/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC',
      '-A KUBE-SVC -m comment --comment "NAMESPACE/web:http -> 10.1.1.1:8080" -j KUBE-SEP',
    ]);
  });

  it.each([
    { name: 'another endpoint', from: 'destination 10.1.1.1:8080', to: 'destination 10.1.1.3:8080' },
    { name: 'another port', from: '--dport 80 -j KUBE-SVC-ZZZZ', to: '--dport 81 -j KUBE-SVC-ZZZZ' },
    { name: 'a chain that leads nowhere', from: /-A KUBE-EXT-.*\n/, to: '' },
  ])('tell of $name', ({ from, to }) => {
    expect(about(TWIN, (text) => text.replace(from, to))).not.toEqual(about(PLAIN));
  });
});
