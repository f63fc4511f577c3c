import { assertNever } from '#lib/core/assert-never.ts';
import type { EndpointConditions, Pod } from '#lib/core/kubernetes.ts';
import type { NodeFacts } from '#lib/core/pod/node-facts.ts';
import { isPodServing } from '#lib/core/pod/pod-readiness.ts';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import type { Healthcheck } from '#lib/core/probe/probe.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';

/** What conditions follow from, beside the pod and its verdict. */
export interface ConditionContext {
  readonly swh: ServiceWithHealthchecks;
  readonly node: NodeFacts;
  /** Whether the object's fail-open policy is to be applied at the moment. */
  readonly failOpenInForce: boolean;
}

/**
 * The conditions of one endpoint, all explicit. `serving`: the verdict is up, the pod can serve, its node is alive.
 * `ready`: serving and not terminating, or publishNotReadyAddresses. So an unhealthy endpoint is neither ready nor
 * serving: some consumers send to whatever is serving.
 */
export function endpointConditions(
  pod: Pod,
  verdict: EndpointVerdict | undefined,
  { swh, node, failOpenInForce }: ConditionContext,
): Required<EndpointConditions> {
  const { healthcheck, service } = swh;
  const probedPorts = healthcheck.probes.map(({ port }) => port);
  const serving =
    !node.isLost &&
    isUp(verdict, healthcheck, failOpenInForce) &&
    isPodServing(pod, healthcheck.podReadiness, probedPorts);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  return {
    ready: service.publishNotReadyAddresses === true || (serving && !terminating),
    serving,
    terminating,
  };
}

function isUp(
  verdict: EndpointVerdict | undefined,
  { probes, failOpen }: Healthcheck,
  failOpenInForce: boolean,
): boolean {
  if (probes.length === 0 || verdict?.isUp === true) return true;
  if (!failOpenInForce) return false;
  switch (failOpen.type) {
    case 'None':
      return false;
    case 'LastKnown':
      return verdict?.hasBeenUp === true;
    case 'MinimumReady':
      return true;
    default:
      return assertNever(failOpen, 'fail-open policy');
  }
}
