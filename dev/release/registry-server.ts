import { connect } from 'node:net';
import { pickFreePort } from '../cluster/free-port.ts';
import type { ProcessHost } from '../process/process-host.ts';
import { waitFor } from '../process/wait-for.ts';
import { providePrograms } from '../toolchain/toolchain.ts';

/**
 * Starts a registry on this machine, without credentials and in memory, and gives its `HOST:PORT`. It stops with
 * its host.
 */
export async function startRegistryServer(host: ProcessHost): Promise<string> {
  const { crane } = await providePrograms(['crane']);
  const port = await pickFreePort('127.0.0.1');
  const address = `127.0.0.1:${port}`;
  const server = await host.start({
    name: 'registry',
    command: crane,
    args: ['registry', 'serve', '--address', address],
    disposable: true,
  });
  await waitFor(`the registry to listen (log ${server.logFile})`, () => canConnect(port));
  return address;
}

function canConnect(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(undefined));
  });
}
