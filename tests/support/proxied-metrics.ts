import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseYaml } from '../../dev/manifest/yaml.ts';
import type { StoredPod } from './pod-container.ts';

/** What the proxy beside each program is told to ask; the part that is looked at. */
interface ProxyConfig {
  readonly upstreams: readonly { readonly upstream: string }[];
}

/** Asks in the pod's network for the metrics that its proxy is told to ask for. */
export async function proxiedMetrics({ metadata, spec }: StoredPod, netns: string): Promise<string> {
  const env = spec.containers.flatMap((container) => container.env ?? []);
  const config = env.find(({ name }) => name === 'KUBE_RBAC_PROXY_CONFIG')?.value;
  if (config === undefined) throw new Error(`pod ${metadata.name} has no proxy`);
  // The form is that of the proxy.
  const [first] = (parseYaml(config) as ProxyConfig).upstreams;
  const script = 'process.stdout.write(await (await fetch(process.argv[1])).text())';
  const node = [process.execPath, '--input-type=module', '-e', script, first?.upstream ?? ''];
  return (await promisify(execFile)('ip', ['netns', 'exec', netns, ...node])).stdout;
}
