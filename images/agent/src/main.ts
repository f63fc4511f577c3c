import { connectKubeApi } from '#lib/kube/client-node.ts';
import { batchingClock } from '#lib/runtime/batching-clock.ts';
import { systemClock } from '#lib/runtime/clock.ts';
import { healthRoutes, metricsRoutes, startHttpServer } from '#lib/runtime/http-server.ts';
import { createJsonLogger } from '#lib/runtime/json-logger.ts';
import { addProcessMetrics, createMetrics } from '#lib/runtime/metrics.ts';
import { readOptions } from '#lib/runtime/options.ts';
import { systemRandom } from '#lib/runtime/random.ts';
import { STOP_DEADLINE_MS, shutdownSignal, stopInOrder } from '#lib/runtime/shutdown.ts';
import { createAgent } from './agent.ts';
import { type AgentOptions, PROGRAM } from './options.ts';

/** Of the time to stop, kept for the end of the process itself. */
const EXIT_MS = 500;

main(readOptions(PROGRAM)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    // What fails here is the set-up, and whoever did it reads one line; a stack would hide it.
    process.stderr.write(`${PROGRAM.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);

/** Runs the agent until a signal ends it; resolves with the exit code. */
async function main(options: AgentOptions): Promise<number> {
  const nodeName = options['node-name'];
  const { version, name: component } = PROGRAM;
  const clock = batchingClock(systemClock);
  const logger = createJsonLogger({ level: options['log-level'] }).with({ node: nodeName });
  const signal = shutdownSignal();

  const { kubeconfig } = options;
  const connection = connectKubeApi({ kubeconfig, component, version });
  const metrics = createMetrics();
  addProcessMetrics(metrics);
  const ports = { api: connection.api, clock, random: systemRandom, logger, metrics };
  const agent = createAgent(ports, { nodeName, version });
  const health = await startHttpServer(options['health-address'], healthRoutes(agent.live, agent.ready));
  const scraped = await startHttpServer(options['metrics-address'], {
    ...metricsRoutes(metrics),
    ...agent.reports,
  });
  logger.info('started', { version, apiServer: connection.server, health: health.address });

  const running = agent.run(signal);
  await aborted(signal);
  logger.info('stopping', { reason: String(signal.reason) });
  const isClean = await stopInOrder({ clock, logger, deadlineMs: STOP_DEADLINE_MS - EXIT_MS }, [
    { name: 'agent', stop: () => running },
    { name: 'metrics', stop: () => scraped.close() },
    { name: 'health', stop: () => health.close() },
    { name: 'connections', stop: () => connection.close() },
  ]);
  return isClean ? 0 : 1;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
