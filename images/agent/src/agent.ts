import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { isEmpty } from '#lib/core/plan.ts';
import { holdsConnection, secretNameOf } from '#lib/core/probe/probe-needs.ts';
import { type ApplyDeps, applyPlan, resultOfApplied } from '#lib/kube/apply-plan.ts';
import type { KubeApi } from '#lib/kube/kube-api.ts';
import { resultOfKubeError } from '#lib/kube/reconcile-error.ts';
import { ENDPOINT_SLICES } from '#lib/kube/resources.ts';
import { batchAlarms } from '#lib/probe/alarm-batch.ts';
import { type EndpointTransition, EndpointVerdicts } from '#lib/probe/endpoint-verdicts.ts';
import type { ProbeAssignment } from '#lib/probe/probe-assignment.ts';
import { createProbers } from '#lib/probe/probers/registry.ts';
import { RunStallWitness } from '#lib/probe/run-stall-witness.ts';
import { Sentinels } from '#lib/probe/sentinel.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import { compactHeap } from '#lib/runtime/compact-heap.ts';
import { eventLoopTurns } from '#lib/runtime/event-loop-turns.ts';
import { HeapUpkeep } from '#lib/runtime/heap-upkeep.ts';
import type { HealthChecks, Routes } from '#lib/runtime/http-server.ts';
import type { Logger } from '#lib/runtime/logger.ts';
import type { Metrics } from '#lib/runtime/metrics.ts';
import type { Random } from '#lib/runtime/random.ts';
import { DONE, type ReconcileResult, runReconcileLoop } from '#lib/runtime/reconcile-loop.ts';
import { WorkQueue } from '#lib/runtime/work-queue.ts';
import { AgentHealth } from './agent-health.ts';
import { createInformers, listInformers } from './informers.ts';
import { routeKeys } from './key-router.ts';
import { createAgentMetrics } from './metrics.ts';
import { observedApi } from './observed-api.ts';
import { podReportRoutes } from './pod-report.ts';
import { SecretWatcher } from './secret-watcher.ts';
import { logShortages } from './shortage-log.ts';
import { adoptSlices } from './slice-adoption.ts';
import { SliceReconciler } from './slice-reconciler.ts';
import { SwhStore } from './swh-store.ts';
import { WritePacer } from './write-pacer.ts';

export interface AgentPorts {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface AgentSettings {
  readonly nodeName: string;
  readonly version: string;
}

/** The agent of one node, put together and not yet running. */
export interface Agent {
  readonly live: HealthChecks;
  readonly ready: HealthChecks;
  /** What is known of a pod, for people. */
  readonly reports: Routes;
  /** Probes and publishes until the signal aborts. Changes no slice on its way out. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** Objects reconciled at once: so many write at the same time when a node's verdicts change together. */
const WORKERS = 16;

/** Puts the parts together. */
export function createAgent(ports: AgentPorts, { nodeName, version }: AgentSettings): Agent {
  const { clock, logger, random } = ports;
  const queue = new WorkQueue({ clock, random });
  const metrics = createAgentMetrics(ports.metrics, {
    targets: () => verdicts.size,
    queueDepth: () => queue.depth(),
    isTracked: (owner, { podUid, family }) => verdicts.lookup(owner)(podUid, family) !== undefined,
  });
  const api = observedApi(ports.api, metrics);
  const informerDeps = { api, clock, random, logger };
  const informers = createInformers(informerDeps, nodeName);
  const store = new SwhStore();

  const secrets = new SecretWatcher(informerDeps, (ref) =>
    verdicts.probeNow((assignment) => usesSecret(assignment, ref.namespace, ref.name)),
  );
  const probers = createProbers({
    clock,
    version,
    credentials: (namespace, name) => secrets.lookup(namespace, name),
    clientCertificates: (namespace, name) => secrets.clientCertificate(namespace, name),
    onSessionEnd: batchAlarms(clock, (isMeant) =>
      verdicts.probeNow(({ probe, target }) => holdsConnection(probe) && isMeant(target)),
    ),
  });
  const sentinels = new Sentinels({
    clock,
    onEnd: batchAlarms(clock, (isMeant) =>
      verdicts.probeNow(({ timing, target }) => timing.sentinel && isMeant(target)),
    ),
  });
  const verdicts: EndpointVerdicts = new EndpointVerdicts({
    clock,
    prober: probers.run,
    stalls: new RunStallWitness(clock),
    observer: logShortages({ clock, logger }, metrics.probes),
    sentinels,
    release: ({ target, probe }) => holdsConnection(probe) && probers.forget(target),
    onChange: (owner) => queue.add(owner),
    onTransition(transition) {
      metrics.transition(transition);
      logTransition(logger, transition);
    },
  });

  const reconciler = new SliceReconciler({ nodeName, store, ...informers, verdicts, secrets });
  const writing: ApplyDeps<EndpointSlice> = {
    api,
    resource: ENDPOINT_SLICES,
    logger,
    clearsManagedFields: true,
    noteWrite: (slice) => informers.slices.noteWrite(slice),
  };
  const pacer = new WritePacer(clock);
  // Probes must start when they are due, however many verdicts change.
  const giveWay = eventLoopTurns();
  const upkeep = new HeapUpkeep({ clock, compact: compactHeap });
  const health = new AgentHealth({ clock, informers: listInformers(informers) });
  routeKeys({ informers, store, nodeName, enqueue: (key) => queue.add(key) });

  async function reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const begunBefore = verdicts.begun;
    const plan = reconciler.plan(key);
    const isDone = isEmpty(plan);
    if (!isDone || verdicts.begun !== begunBefore) upkeep.noteChange();
    if (isDone) {
      pacer.noteRest(key);
      return DONE;
    }
    const paced = pacer.pace(key, plan, reconciler.waitingPlan(key, plan));
    if (paced.kind === 'wait') return { kind: 'requeueAfter', ms: paced.ms };
    const applied = await health.track(applyPlan(writing, paced.plan, signal));
    // What has failed keeps nobody busy, and comes again after the queue's own waits.
    if (applied.errors.length === 0) pacer.noteWrite(key, plan, paced.plan);
    const result = resultOfApplied(applied);
    return result.kind === 'done' && paced.plan !== plan ? { kind: 'requeueAfter', ms: 0 } : result;
  }

  async function run(signal: AbortSignal): Promise<void> {
    await adoptSlices(informerDeps, nodeName, signal);
    const running = listInformers(informers).map((informer) => informer.run(signal));
    const hasSynced = await Promise.all(listInformers(informers).map((one) => one.whenSynced(signal))).then(
      () => true,
      () => false,
    );
    if (hasSynced) {
      // The first lists of everything leave garbage behind, also where nothing is to be done.
      upkeep.noteChange();
      logger.info('working', { objects: store.keys().length, pods: informers.pods.all().length });
      await runReconcileLoop(
        { queue, clock, logger, workers: WORKERS, reconcile, resultOf: resultOfKubeError, giveWay },
        signal,
      );
    }
    upkeep.stop();
    verdicts.stop();
    sentinels.stop();
    secrets.stop();
    await Promise.all([...running, probers.stop()]);
  }

  const report = (namespace: string, podName: string) => verdicts.report(namespace, podName);
  return { live: health.live, ready: health.ready, reports: podReportRoutes({ clock, report }), run };
}

function usesSecret({ probe, target }: ProbeAssignment, namespace: string, name: string): boolean {
  return secretNameOf(probe) === name && target.namespace === namespace;
}

function logTransition(logger: Logger, { owner, endpoint, verdict }: EndpointTransition): void {
  const { podName: pod, address } = endpoint;
  const reason = verdict.failed.map(({ probe, message }) => `${probe}: ${message}`).join('; ');
  if (verdict.isUp) logger.info('endpoint is up', { swh: owner, pod, address });
  else logger.info('endpoint is down', { swh: owner, pod, address, reason });
}
