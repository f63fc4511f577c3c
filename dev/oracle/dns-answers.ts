import { Resolver } from 'node:dns/promises';
import type { ServicePort } from '#lib/core/kubernetes.ts';
import { neutral, type Subject } from './proxy-rules.ts';
import { SERVICE_NAME } from './world.ts';

/** What a DNS server says about the Service of one namespace, sorted, with stand-ins as in `rulesAbout`. */
export async function dnsAnswers(
  server: string,
  subject: Subject,
  ports: readonly ServicePort[],
): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([server]);
  const name = `${SERVICE_NAME}.${subject.namespace}.svc.cluster.local`;
  const answers = [...(await addressesOf(resolver, name))];
  for (const { name: port, protocol = 'TCP' } of ports) {
    if (port !== undefined)
      answers.push(...(await serversOf(resolver, `_${port}._${protocol.toLowerCase()}.${name}`)));
  }
  return answers.map((answer) => neutral(answer, subject)).toSorted();
}

async function addressesOf(resolver: Resolver, name: string): Promise<readonly string[]> {
  const [v4, v6] = await Promise.all([
    resolver.resolve4(name).catch(codeOf),
    resolver.resolve6(name).catch(codeOf),
  ]);
  return [...v4.map((address) => `A ${address}`), ...v6.map((address) => `AAAA ${address}`)];
}

/** Records of a named port, and the addresses of the names in them. */
async function serversOf(resolver: Resolver, name: string): Promise<readonly string[]> {
  try {
    const records = await resolver.resolveSrv(name);
    const answers: string[] = [];
    for (const { name: target, port, weight } of records) {
      const addresses = await addressesOf(resolver, target);
      // The name of an endpoint without hostname, and that of a Service, is made of its address.
      answers.push(`SRV ${name} ${target} ${port} ${weight} ${addresses.toSorted().join(' ')}`);
    }
    return answers;
  } catch (error) {
    return codeOf(error).map((code) => `SRV ${name} ${code}`);
  }
}

/** No such name, and no such record, are answers too. */
function codeOf(error: unknown): readonly string[] {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND' || code === 'ENODATA') return [code];
  throw error;
}
