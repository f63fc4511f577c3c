import type { ObjectRef } from '#lib/core/kubernetes.ts';
import type { Metrics } from '#lib/runtime/metrics.ts';
import type { ReconcileResult } from '#lib/runtime/reconcile-loop.ts';
import type { Status } from './status/status.ts';

/** What the controller counts. Names and labels are part of the contract with dashboards and alerts. */
export interface ControllerMetrics {
  /** Figures of one object, replaced whole. */
  setStatus(ref: ObjectRef, status: Status): void;
  /** Ends all series of an object that is gone. */
  removeObject(ref: ObjectRef): void;
  setLeader(isLeader: boolean): void;
  /** `queue`: a hook's name, or `status`. */
  observeReconcile(queue: string, kind: ReconcileResult['kind'], durationMs: number): void;
  addStatusWrite(): void;
  /** A request of a hook or of the status that the API server refused or did not answer. */
  addApiError(queue: string): void;
}

/** Upper bounds in seconds: a reconcile without a write takes well below a millisecond, one with a write a few. */
const DURATIONS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

/** What is asked at each scrape. */
export interface ControllerGauges {
  /** Keys that are due, by queue. */
  readonly depths: ReadonlyMap<string, () => number>;
  /** See `countNodeEndpoints`. */
  nodeEndpoints(): ReadonlyMap<string, number>;
}

/** Declares the metrics; counters start at 0. */
export function createControllerMetrics(
  metrics: Metrics,
  { depths, nodeEndpoints }: ControllerGauges,
): ControllerMetrics {
  const figures = objectGauges(metrics);
  const leader = metrics.gauge({
    name: 'swh_controller_leader',
    help: 'Whether this controller is the one that acts (1) or stands by (0).',
  });
  const durations = metrics.histogram<'queue' | 'result'>({
    name: 'swh_controller_reconcile_duration_seconds',
    help: 'Time from taking a key to the end of its reconcile, in seconds.',
    labels: ['queue', 'result'],
    buckets: DURATIONS,
  });
  const statusWrites = metrics.counter({
    name: 'swh_controller_status_writes_total',
    help: 'Status patches that were written.',
  });
  const apiErrors = metrics.counter<'queue'>({
    name: 'swh_controller_api_errors_total',
    help: 'Requests that the API server refused or did not answer.',
    labels: ['queue'],
  });
  metrics.gauge<'queue'>({
    name: 'swh_controller_queue_depth',
    help: 'Keys that are due and not being worked on.',
    labels: ['queue'],
    collect: (gauge) => {
      for (const [queue, depth] of depths) gauge.set({ queue }, depth());
    },
  });
  metrics.gauge<'node'>({
    name: 'swh_controller_node_endpoints',
    help: 'Published endpoints by node, for each node that Kubernetes has not given up: an agent belongs there.',
    labels: ['node'],
    collect: (gauge) => {
      gauge.clear();
      for (const [node, endpoints] of nodeEndpoints()) gauge.set({ node }, endpoints);
    },
  });
  leader.set({}, 0);
  statusWrites.add({}, 0);
  for (const queue of depths.keys()) apiErrors.add({ queue }, 0);
  return {
    ...figures,
    setLeader: (isLeader) => leader.set({}, isLeader ? 1 : 0),
    observeReconcile: (queue, result, durationMs) => durations.observe({ queue, result }, durationMs / 1000),
    addStatusWrite: () => statusWrites.add({}),
    addApiError: (queue) => apiErrors.add({ queue }),
  };
}

function objectGauges(metrics: Metrics): Pick<ControllerMetrics, 'setStatus' | 'removeObject'> {
  const labels = ['namespace', 'name'] as const;
  const endpoints = metrics.gauge<'namespace' | 'name'>({
    name: 'swh_controller_endpoints',
    help: 'Endpoints of an object.',
    labels,
  });
  const ready = metrics.gauge<'namespace' | 'name'>({
    name: 'swh_controller_ready_endpoints',
    help: 'Endpoints of an object that get traffic.',
    labels,
  });
  const condition = metrics.gauge<'namespace' | 'name' | 'type'>({
    name: 'swh_controller_condition',
    help: 'Conditions of an object: 1 for True, 0 for False, -1 for Unknown.',
    labels: [...labels, 'type'],
  });
  const types = new Map<string, readonly string[]>();
  const removeObject = ({ namespace, name }: ObjectRef) => {
    endpoints.remove({ namespace, name });
    ready.remove({ namespace, name });
    for (const type of types.get(`${namespace}/${name}`) ?? []) condition.remove({ namespace, name, type });
    types.delete(`${namespace}/${name}`);
  };
  return {
    removeObject,
    setStatus({ namespace, name }, { healthcheckCondition, conditions = [] }) {
      removeObject({ namespace, name });
      endpoints.set({ namespace, name }, healthcheckCondition?.endpoints ?? 0);
      ready.set({ namespace, name }, healthcheckCondition?.readyEndpoints ?? 0);
      for (const { type, status } of conditions) condition.set({ namespace, name, type }, VALUES[status]);
      types.set(
        `${namespace}/${name}`,
        conditions.map(({ type }) => type),
      );
    },
  };
}

const VALUES = { True: 1, False: 0, Unknown: -1 } as const;
