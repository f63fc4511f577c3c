import type { Network } from '../cluster/network.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { waitFor } from '../process/wait-for.ts';
import { ANSWERED_PORT } from './probe-mode.ts';

/** Answers every request on every address of the network namespace, of both families. */
const SERVER = `require('node:http').createServer((_request, response) => response.end('ok'))
  .listen(${ANSWERED_PORT}, '::');`;

/** Starts one server on each node, which stands for all pods that the node may have. */
export async function startPodServers(host: ProcessHost, network: Network): Promise<void> {
  for (const { name, netns, address } of network.nodes()) {
    await host.start({ name: `pods-${name}`, command: process.execPath, args: ['-e', SERVER], netns });
    await waitFor(`the pod server of ${name} to answer`, async () => {
      const { ok } = await fetch(`http://${address}:${ANSWERED_PORT}/`);
      return ok ? true : undefined;
    });
  }
}
