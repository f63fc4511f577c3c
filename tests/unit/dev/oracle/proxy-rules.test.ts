import { describe, expect, it } from 'vitest';
import { rulesAbout } from '../../../../dev/oracle/proxy-rules.ts';

interface Given {
  readonly namespace: string;
  readonly clusterIp: string;
  readonly hash: string;
  readonly nodePort: number;
  readonly outcomes: string;
}

function rules({ namespace, clusterIp, hash, nodePort, outcomes }: Given): string {
  const service = `service-${hash}-${namespace}/web/tcp/http`;
  return `table ip kube-proxy {
	map service-ips {
		elements = { ${clusterIp} . tcp . 80 : goto ${service},
			     10.96.0.77 . tcp . 80 : goto service-AAAAAAAA-other/web/tcp/http }
	}

	map service-nodeports {
		elements = { tcp . ${nodePort} : goto external-${hash}-${namespace}/web/tcp/http }
	}

	chain ${service} {
		ip daddr ${clusterIp} ip saddr != 10.0.0.0/8 jump mark-for-masquerade
		numgen random mod 2 vmap { ${outcomes} }
	}

	chain service-AAAAAAAA-other/web/tcp/http {
		drop
	}
}
`;
}

const PLAIN: Given = {
  namespace: 'pair-1-plain',
  clusterIp: '10.96.0.7',
  hash: 'AMDL7EEP',
  nodePort: 30_303,
  outcomes: '0 : goto a, 1 : goto b',
};
const TWIN: Given = {
  namespace: 'pair-1-twin',
  clusterIp: '10.96.0.9',
  hash: 'HZJDZ75S',
  nodePort: 31_108,
  outcomes: '0 : goto b, 1 : goto a',
};

function about(given: Given): readonly string[] {
  return rulesAbout(rules(given), { namespace: given.namespace, clusterIps: [given.clusterIp] });
}

describe('the rules about a namespace', () => {
  it('are the same but for names, addresses, node ports and numbering', () => {
    expect(about(TWIN)).toEqual(about(PLAIN));
  });

  it('are its own, with stand-ins', () => {
    const text = about(PLAIN).join('\n');
    expect(text).toMatch(/CLUSTER_IP \. tcp \. 80 : goto service-NAMESPACE\/web\/tcp\/http/);
    expect(text).toMatch(/tcp \. NODE_PORT : goto external-NAMESPACE/);
    expect(text).not.toMatch(/other|pair-1|10\.96\.0\.7|AMDL7EEP|30303/);
  });

  it.each<{ name: string; given: Partial<Given> }>([
    { name: 'another outcome', given: { outcomes: '0 : goto b, 1 : goto c' } },
    { name: 'an outcome less', given: { outcomes: '0 : goto b' } },
  ])('show $name', ({ given }) => {
    expect(about({ ...TWIN, ...given })).not.toEqual(about(PLAIN));
  });

  it('pass over chains and sets out of use', () => {
    const left = '\tchain endpoint-AS5YY2LO-pair-1-plain/web/tcp/http__10.1.0.1/80 {\n\t}\n';
    const set = '\tset affinity-AS5YY2LO-pair-1-plain/web/tcp/http__10.1.0.1/80 {\n\t\ttype ipv4_addr\n\t}\n';
    const subject = { namespace: PLAIN.namespace, clusterIps: [PLAIN.clusterIp] };
    expect(rulesAbout(`${rules(PLAIN)}${left}${set}`, subject)).toEqual(about(PLAIN));
  });

  it('keep addresses that merely begin like that of the Service', () => {
    const text = rules(PLAIN).replace('ip saddr != 10.0.0.0/8', 'ip saddr != 10.96.0.71');
    const subject = { namespace: PLAIN.namespace, clusterIps: [PLAIN.clusterIp] };
    expect(rulesAbout(text, subject).join('\n')).toContain('10.96.0.71');
  });
});
