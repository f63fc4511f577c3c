import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { ControlPlane } from '../../dev/cluster/control-plane.ts';
import { ProcessHost } from '../../dev/process/process-host.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test asks for the shared control plane; the first to ask waits for its start. */
    readonly controlPlaneBroker: string;
  }
}

/** What the broker answers. */
export interface BrokerAnswer {
  readonly adminKubeconfig: string;
  readonly runDirectory: string;
}

/**
 * Global set-up of vitest: offers one control plane to all test files. It starts when the first of them asks,
 * so that a run of unit tests costs nothing, and stops after the last.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<{ readonly host: ProcessHost; readonly answer: BrokerAnswer }> | undefined;
  const broker = createServer((_request, response) => {
    started ??= start();
    started.then(
      ({ answer }) => response.end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  project.provide('controlPlaneBroker', await listen(broker));
  return async () => {
    broker.closeAllConnections();
    broker.close();
    await started?.then(
      ({ host }) => host.close(),
      () => undefined,
    );
  };
}

async function start(): Promise<{ readonly host: ProcessHost; readonly answer: BrokerAnswer }> {
  const host = ProcessHost.open();
  try {
    const { adminKubeconfig } = await ControlPlane.start(host, {
      // Tests make Node objects behind which nothing renews a Lease.
      controllerManager: { controllers: ['*', '-node-lifecycle-controller'] },
    });
    return { host, answer: { adminKubeconfig, runDirectory: host.run.path } };
  } catch (error) {
    await host.close();
    throw error;
  }
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address of this kind.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
