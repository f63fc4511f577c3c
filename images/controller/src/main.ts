import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { connectKubeApi } from '#lib/kube/client-node.ts';
import { LeaderElection } from '#lib/kube/leader-election.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { healthRoutes, metricsRoutes, startHttpServer } from '#lib/runtime/http-server.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { addProcessMetrics, createMetrics } from '#lib/runtime/metrics.ts';
import { readOptions } from '#lib/runtime/options.ts';
import { VERSION } from '#lib/runtime/program-options.ts';
import { systemRandom } from '#lib/runtime/random.ts';
import { STOP_DEADLINE_MS, shutdownSignal, stopInOrder } from '#lib/runtime/shutdown.ts';
import { handOverAll } from './changing-hands/hand-over-all.ts';
import { createHandOverOrder } from './changing-hands/hand-over-order.ts';
import { createController } from './controller.ts';
import { PROGRAM } from './options.ts';

const LEASE_NAME = 'swh-controller-leader.deckhouse.io';

async function main(): Promise<void> {
  const options = readOptions(PROGRAM);
  const logger = createJsonLogger({ level: options['log-level'] });
  const signal = shutdownSignal();
  const instance = hostname();
  const connection = connectKubeApi({
    kubeconfig: options.kubeconfig,
    component: 'controller',
    version: VERSION,
  });
  const deps = { api: connection.api, clock: systemClock, random: systemRandom, logger };
  const lease = { namespace: options.namespace, name: LEASE_NAME };
  const handOver = { lease: options['leader-elect'] ? lease : undefined, identity: 'hand-over' };
  if (options['hand-over']) {
    logger.info('handed over', await handOverAll(deps, handOver, signal));
    await connection.close();
    process.exit(0);
  }

  const metrics = createMetrics();
  addProcessMetrics(metrics);
  const settings = {
    adoptionPolicy: options['adoption-policy'],
    probeSecretAccess: options['probe-secret-access'],
  };
  const controller = createController({ ...deps, metrics, instance, scan: connection.scan, settings });
  const ready = { informers: () => controller.unreadyReason() };
  const servers = await Promise.all([
    startHttpServer(options['metrics-address'], metricsRoutes(metrics)),
    startHttpServer(options['health-address'], healthRoutes({}, ready)),
  ]);
  logger.info('started', {
    version: VERSION,
    apiServer: connection.server,
    metrics: servers[0].address,
    health: servers[1].address,
  });

  const order = createHandOverOrder(deps, options.namespace, handOver);
  const following = new AbortController();
  const followed = Promise.all([controller.follow(following.signal), order.follow(following.signal)]);
  const acting = AbortSignal.any([signal, order.given]);
  const election = new LeaderElection(deps, {
    lease,
    identity: `${instance}_${randomUUID()}`,
  });
  const end = options['leader-elect']
    ? await election.run(acting, (leading) => controller.lead(leading))
    : await controller.lead(acting).then(() => 'stopped' as const);
  if (end === 'stopped' && order.given.aborted) await order.obey(signal);

  following.abort();
  const isClean = await stopInOrder({ clock: systemClock, logger, deadlineMs: STOP_DEADLINE_MS }, [
    { name: 'informers', stop: () => followed.then(() => {}) },
    { name: 'servers', stop: () => Promise.all(servers.map((server) => server.close())).then(() => {}) },
    { name: 'connection', stop: () => connection.close() },
  ]);
  logger.info('stopped', { end });
  // A leader that lost its Lease must not go on with what is still under way.
  process.exit(end === 'stopped' && isClean ? 0 : 1);
}

main().catch((error: unknown) => {
  process.stderr.write(`controller: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
