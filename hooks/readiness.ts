import { isRecord } from '#lib/api/prune.ts';
import type { KubernetesObject } from '#lib/core/kubernetes.ts';
import { timestamp } from '#lib/core/timestamp.ts';
import type { KubernetesBinding } from '#lib/hook/hook.ts';
import type { ModuleHook, ModuleOperation } from '#lib/hook/module-hook.ts';
import { followed, MODULE, MODULE_NAMESPACE } from './module.ts';

const CONTROLLER = workload('Deployment', 'controller');
const AGENT = workload('DaemonSet', 'agent');

/**
 * Says every 15 s whether the controllers and agents run, from the state of their workloads: as a gauge, in the log while
 * something is missing, and under Deckhouse in the condition IsReady of the Module. It never fails for that: operators count
 * and repeat failures of hooks.
 */
export const readiness: ModuleHook = {
  name: 'readiness',
  config: {
    schedule: [{ name: 'readiness', crontab: '*/15 * * * * *', queue: `/modules/${MODULE}/readiness` }],
    kubernetes: [CONTROLLER, AGENT],
  },
  run({ snapshots, values, now }) {
    const reasons = unreadyReasons(snapshots[CONTROLLER.name]?.[0], snapshots[AGENT.name]?.[0]);
    const metrics = [
      { name: 'd8_service_with_healthchecks_module_ready', value: reasons.length === 0 ? 1 : 0 },
    ];
    const operations = isDeckhouse(values) ? [moduleCondition(reasons, now)] : [];
    if (reasons.length === 0) return { operations, metrics };
    return { operations, metrics, message: `module ${MODULE} is not ready: ${reasons.join('; ')}` };
  },
};

/** Why the module does not do its work, one sentence each; empty when it does. */
export function unreadyReasons(
  controller: KubernetesObject | undefined,
  agent: KubernetesObject | undefined,
): readonly string[] {
  return [
    ...(controller === undefined ? ['Deployment controller does not exist'] : controllerReasons(controller)),
    ...(agent === undefined ? ['DaemonSet agent does not exist'] : agentReasons(agent)),
  ];
}

function controllerReasons(deployment: KubernetesObject): readonly string[] {
  const { spec, status } = partsOf(deployment);
  if (isBehind(deployment)) return ['Deployment controller is being rolled out'];
  const wanted = numberIn(spec, 'replicas', 1);
  const available = numberIn(status, 'availableReplicas');
  // One replica leads, the others wait: the work is done as long as there is any.
  if (wanted > 0 && available === 0)
    return [`Deployment controller has 0 of ${wanted} replicas available${whyNot(status)}`];
  return [];
}

function agentReasons(daemonSet: KubernetesObject): readonly string[] {
  const { status } = partsOf(daemonSet);
  if (isBehind(daemonSet)) return ['DaemonSet agent is being rolled out'];
  const wanted = numberIn(status, 'desiredNumberScheduled');
  const ready = numberIn(status, 'numberReady');
  return ready < wanted ? [`DaemonSet agent is ready on ${ready} of ${wanted} nodes`] : [];
}

/** Whether the controller of the workload has not looked at its latest version yet. */
function isBehind(object: KubernetesObject): boolean {
  return numberIn(partsOf(object).status, 'observedGeneration') < (object.metadata.generation ?? 0);
}

/** What the conditions of a Deployment say about it. */
function whyNot(status: Readonly<Record<string, unknown>>): string {
  const conditions = Array.isArray(status['conditions']) ? status['conditions'] : [];
  const messages = conditions.flatMap((one: unknown) =>
    isRecord(one) && isComplaint(one) && typeof one['message'] === 'string' ? [one['message']] : [],
  );
  return messages.length === 0 ? '' : ` (${messages.join(' ')})`;
}

function isComplaint({ type, status }: Readonly<Record<string, unknown>>): boolean {
  return type === 'ReplicaFailure' ? status === 'True' : status === 'False';
}

/**
 * Sets the condition as the module SDK of Deckhouse does, in phases that are not those of an installation. Nothing is
 * written while nothing changes.
 */
function moduleCondition(reasons: readonly string[], now: Date): ModuleOperation {
  const isReady = reasons.length === 0;
  const time = JSON.stringify(timestamp(now));
  const wanted = isReady
    ? { type: 'IsReady', status: 'True' }
    : { type: 'IsReady', status: 'False', reason: 'ReadinessProbeFailed', message: reasons.join('; ') };
  const phase = JSON.stringify(isReady ? 'Ready' : 'Reconciling');
  const program = [
    'if (.status.phase | IN("Ready", "Reconciling", "Error") | not) then . else',
    '([.status.conditions[]? | select(.type == "IsReady")][0] // {}) as $old',
    `| ${JSON.stringify(wanted)} as $new`,
    '| ($old | del(.lastProbeTime, .lastTransitionTime)) as $known',
    `| if $known == $new and .status.phase == ${phase} then . else`,
    `(if $old.status == $new.status then ($old.lastTransitionTime // ${time}) else ${time} end) as $since`,
    `| .status.phase = ${phase}`,
    '| .status.conditions = [.status.conditions[]? | select(.type != "IsReady")]',
    `+ [$new + {lastProbeTime: ${time}, lastTransitionTime: $since}]`,
    'end end',
  ].join(' ');
  return {
    operation: 'JQPatch',
    apiVersion: 'deckhouse.io/v1alpha1',
    kind: 'Module',
    name: MODULE,
    jqFilter: program,
    subresource: 'status',
    ignoreMissingObject: true,
  };
}

/** Only Deckhouse knows of Modules; it tells every hook its version. */
function isDeckhouse(values: unknown): boolean {
  const global = isRecord(values) ? values['global'] : undefined;
  return isRecord(global) && typeof global['deckhouseVersion'] === 'string';
}

function workload(kind: 'Deployment' | 'DaemonSet', name: string): KubernetesBinding {
  return followed({
    name,
    apiVersion: 'apps/v1',
    kind,
    nameSelector: { matchNames: [name] },
    namespace: { nameSelector: { matchNames: [MODULE_NAMESPACE] } },
  });
}

function partsOf(object: KubernetesObject): {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
} {
  const { spec, status }: KubernetesObject & { readonly spec?: unknown; readonly status?: unknown } = object;
  return { spec: isRecord(spec) ? spec : {}, status: isRecord(status) ? status : {} };
}

function numberIn(part: Readonly<Record<string, unknown>>, field: string, fallback = 0): number {
  const value = part[field];
  return typeof value === 'number' ? value : fallback;
}
