import type { ProbeKind } from '#lib/core/probe/probe.ts';
import { FAILURE_REASONS, type ProbeOutcome, UNKNOWN_CAUSES } from '#lib/core/probe/probe-outcome.ts';
import type { KubeErrorKind } from '#lib/kube/kube-error.ts';
import type { EndpointTransition } from '#lib/probe/endpoint-verdicts.ts';
import type { ProbeObserver } from '#lib/probe/probe-work.ts';
import type { Counter, Metrics } from '#lib/runtime/metrics.ts';
import { countEndpointDowns } from './endpoint-downs.ts';
import type { ApiObserver, SliceOperation } from './observed-api.ts';

/** What the gauges show, read when somebody asks. */
export interface AgentGauges {
  targets(): number;
  queueDepth(): number;
  /** Whether the endpoint is still one of the owner's. */
  isTracked(owner: string, endpoint: EndpointTransition['endpoint']): boolean;
}

/** The agent's own metrics. Names, labels and meaning are a contract with dashboards and alerts. */
export interface AgentMetrics extends ApiObserver {
  readonly probes: ProbeObserver;
  transition(transition: EndpointTransition): void;
}

const KINDS: readonly ProbeKind[] = ['tcp', 'http', 'postgresql', 'grpc'];
/** A cancelled run is over before it is counted. */
const UNKNOWNS = UNKNOWN_CAUSES.filter((cause) => cause !== 'Cancelled');
const ERRORS: readonly KubeErrorKind[] = [
  'conflict',
  'gone',
  'not-found',
  'exists',
  'forbidden',
  'invalid',
  'transient',
  'expired',
  'bug',
];
const OPERATIONS: readonly SliceOperation[] = ['create', 'update', 'delete'];

const DURATION_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DELAY_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Registers the agent's metrics; every counter starts at 0. */
export function createAgentMetrics(metrics: Metrics, gauges: AgentGauges): AgentMetrics {
  addGauges(metrics, gauges);
  const transitions = metrics.counter({
    name: 'swh_agent_endpoint_transitions_total',
    help: 'Endpoints whose verdict has changed through a probe.',
    labels: ['to'],
  });
  const writes = metrics.counter({
    name: 'swh_agent_slice_writes_total',
    help: 'Writes of EndpointSlices.',
    labels: ['operation', 'outcome'],
  });
  const errors = metrics.counter({
    name: 'swh_agent_api_errors_total',
    help: 'Failed requests to the API server by what the failure means.',
    labels: ['class'],
  });
  const downs = countEndpointDowns(metrics, gauges.isTracked);
  for (const to of ['up', 'down'] as const) transitions.add({ to }, 0);
  for (const kind of ERRORS) errors.add({ class: kind }, 0);
  for (const operation of OPERATIONS) {
    for (const outcome of ['written', 'conflict', 'failed'] as const) writes.add({ operation, outcome }, 0);
  }
  return {
    probes: probeMetrics(metrics),
    transition(transition) {
      const { isUp } = transition.verdict;
      transitions.add({ to: isUp ? 'up' : 'down' });
      if (!isUp) downs.count(transition);
    },
    sliceWrite: (operation, outcome) => writes.add({ operation, outcome }),
    apiError: (kind) => errors.add({ class: kind }),
  };
}

function addGauges(metrics: Metrics, gauges: AgentGauges): void {
  metrics.gauge({
    name: 'swh_agent_targets',
    help: 'Checks that run: equal probes of several objects count once.',
    collect: (gauge) => gauge.set({}, gauges.targets()),
  });
  metrics.gauge({
    name: 'swh_agent_queue_depth',
    help: 'Objects that wait to be reconciled.',
    collect: (gauge) => gauge.set({}, gauges.queueDepth()),
  });
}

function probeMetrics(metrics: Metrics): ProbeObserver {
  const results = metrics.counter({
    name: 'swh_agent_probe_results_total',
    help: 'Probe runs by outcome; the reason of a success is empty.',
    labels: ['kind', 'outcome', 'reason'],
  });
  const durations = metrics.histogram({
    name: 'swh_agent_probe_duration_seconds',
    help: 'Duration of probe runs in seconds.',
    labels: ['kind'],
    buckets: DURATION_BUCKETS,
  });
  const delays = metrics.histogram({
    name: 'swh_agent_probe_start_delay_seconds',
    help: 'How long after their due time probe runs have started, in seconds.',
    buckets: DELAY_BUCKETS,
  });
  let latestMs = 0;
  metrics.gauge({
    name: 'swh_agent_event_loop_delay_seconds',
    help: 'The longest that the event loop let a due probe wait since the last scrape, in seconds.',
    collect(gauge) {
      gauge.set({}, latestMs / 1000);
      latestMs = 0;
    },
  });
  const delay = delays.series({});
  const ofKind = new Map(
    KINDS.map((kind) => [kind, { count: resultCounts(results, kind), duration: durations.series({ kind }) }]),
  );
  return {
    started(_kind, lateMs) {
      delay.observe(lateMs / 1000);
      latestMs = Math.max(latestMs, lateMs);
    },
    finished(kind, outcome, durationMs) {
      const own = ofKind.get(kind);
      own?.count.get(reasonOf(outcome))?.();
      own?.duration.observe(durationMs / 1000);
    },
  };
}

/** What counts a result, by its reason; no reason of a failure is one of an unknown outcome. */
function resultCounts(
  results: Counter<'kind' | 'outcome' | 'reason'>,
  kind: ProbeKind,
): ReadonlyMap<string, () => void> {
  return new Map([
    ['', results.series({ kind, outcome: 'success', reason: '' })],
    ...FAILURE_REASONS.map(
      (reason) => [reason, results.series({ kind, outcome: 'failure', reason })] as const,
    ),
    ...UNKNOWNS.map((reason) => [reason, results.series({ kind, outcome: 'unknown', reason })] as const),
  ]);
}

function reasonOf(outcome: ProbeOutcome): string {
  switch (outcome.kind) {
    case 'success':
      return '';
    case 'failure':
      return outcome.reason;
    default:
      return outcome.cause;
  }
}
