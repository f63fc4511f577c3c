import { connectKubeApi } from '#lib/kube/client-node.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { healthRoutes, metricsRoutes, startHttpServer } from '#lib/runtime/http-server.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { addProcessMetrics, createMetrics } from '#lib/runtime/metrics.ts';
import { readOptions } from '#lib/runtime/options.ts';
import { systemRandom } from '#lib/runtime/random.ts';
import { STOP_DEADLINE_MS, shutdownSignal, stopInOrder } from '#lib/runtime/shutdown.ts';
import { createAgent } from './agent.ts';
import { PROGRAM } from './options.ts';

const options = readOptions(PROGRAM);
const nodeName = options['node-name'];
const clock = systemClock;
const logger = createJsonLogger({ level: options['log-level'] }).with({ node: nodeName });
const signal = shutdownSignal();

const { version } = PROGRAM;
const connection = connect();
const metrics = createMetrics();
addProcessMetrics(metrics);
const agent = createAgent(
  { api: connection.api, clock, random: systemRandom, logger, metrics },
  { nodeName, version },
);
const health = await startHttpServer(options['health-address'], healthRoutes(agent.live, agent.ready));
const metricsServer = await startHttpServer(options['metrics-address'], metricsRoutes(metrics));
logger.info('started', { version, apiServer: connection.server, health: health.address });

const running = agent.run(signal);
await aborted(signal);
logger.info('stopping', { reason: String(signal.reason) });
const isClean = await stopInOrder({ clock, logger, deadlineMs: STOP_DEADLINE_MS - 500 }, [
  { name: 'agent', stop: () => running },
  { name: 'metrics', stop: () => metricsServer.close() },
  { name: 'health', stop: () => health.close() },
  { name: 'connections', stop: () => connection.close() },
]);
process.exit(isClean ? 0 : 1);

function connect() {
  try {
    return connectKubeApi({ kubeconfig: options.kubeconfig, component: PROGRAM.name, version });
  } catch (error) {
    // The operator of the program reads one line; the stack would hide it.
    process.stderr.write(`${PROGRAM.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(1);
  }
}

function aborted(ending: AbortSignal): Promise<void> {
  if (ending.aborted) return Promise.resolve();
  return new Promise((resolve) => ending.addEventListener('abort', () => resolve(), { once: true }));
}
