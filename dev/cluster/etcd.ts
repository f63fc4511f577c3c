import { join } from 'node:path';
import type { ProcessHost } from '../process/process-host.ts';
import { GiveUpError, waitFor } from '../process/wait-for.ts';
import { pickFreePort } from './free-port.ts';

/** Starts an etcd on the loopback address whose data end with the run; returns its URL once it is healthy. */
export async function startEtcd(host: ProcessHost, program: string): Promise<string> {
  const url = `http://127.0.0.1:${await pickFreePort('127.0.0.1')}`;
  const peerUrl = `http://127.0.0.1:${await pickFreePort('127.0.0.1')}`;
  const etcd = await host.start({
    name: 'etcd',
    command: program,
    disposable: true,
    args: [
      `--data-dir=${join(host.run.path, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      // The data need not outlive a power cut.
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  });
  await waitFor(`etcd to become healthy (log ${etcd.logFile})`, async () => {
    if (!etcd.isRunning()) throw new GiveUpError(`etcd ended at start:\n${etcd.logTail()}`);
    return (await fetch(`${url}/health`)).ok ? true : undefined;
  });
  return url;
}
