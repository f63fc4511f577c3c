import type { IpFamily, Pod } from '#lib/core/kubernetes.ts';
import { addressesOf, isMember } from '#lib/core/pod/pod-membership.ts';
import { containerStartFor } from '#lib/core/pod/pod-readiness.ts';
import { declaredPorts, resolveProbePort } from '#lib/core/pod/target-port.ts';
import type { Healthcheck, Probe } from '#lib/core/probe/probe.ts';
import type { Target } from '#lib/core/probe/target.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { familiesOf } from '#lib/core/slice/desired-endpoints.ts';
import { publicationOf } from '#lib/core/slice/publication.ts';

/** One probe of one address of one pod, by its position in the object. */
export type TrackedProbe =
  | {
      readonly kind: 'probed';
      readonly probe: Probe;
      readonly target: Target;
      /**
       * When the container behind the port started, by the wall clock; undefined when nothing says. Kubernetes tells no more than
       * seconds, and milliseconds since 1970 take a place of memory of their own for each target.
       */
      readonly startedAtSeconds: number | undefined;
    }
  /** There is nothing to run the probe against: down for the reason given. */
  | { readonly kind: 'blocked'; readonly probe: Probe; readonly message: string };

/** One address of one pod, with every probe of the object. */
export interface TrackedEndpoint {
  readonly podName: string;
  readonly podUid: string;
  readonly family: IpFamily;
  readonly address: string;
  readonly probes: readonly TrackedProbe[];
}

/**
 * The endpoints of the object that need probing, from the pods given: those of one node, since a node's agent probes
 * no others. Empty for an object without probes or without slices.
 */
export function trackEndpoints(
  swh: ServiceWithHealthchecks,
  pods: readonly Pod[],
): readonly TrackedEndpoint[] {
  const { healthcheck } = swh;
  if (healthcheck.probes.length === 0 || publicationOf(swh) === 'withdraw') return [];
  return pods
    .filter((pod) => isMember(pod, swh))
    .flatMap((pod) =>
      familiesOf(swh, pod).flatMap((family) => trackEndpoint(pod, family, healthcheck) ?? []),
    );
}

function trackEndpoint(pod: Pod, family: IpFamily, healthcheck: Healthcheck): TrackedEndpoint | undefined {
  const address = addressesOf(pod)[family];
  if (address === undefined) return undefined;
  const { name: podName, uid: podUid = '' } = pod.metadata;
  const probes = healthcheck.probes.map((probe) => trackProbe(probe, pod, { address, healthcheck }));
  return { podName, podUid, family, address, probes };
}

function trackProbe(
  probe: Probe,
  pod: Pod,
  { address, healthcheck }: { readonly address: string; readonly healthcheck: Healthcheck },
): TrackedProbe {
  const port = resolveProbePort(probe.port, pod);
  if (port === undefined) {
    return {
      kind: 'blocked',
      probe,
      message: `no container of the pod declares a TCP port named ${probe.port}`,
    };
  }
  const start = containerStartFor(pod, probe.port);
  if (start === undefined && healthcheck.initialDelayMs > 0) {
    return {
      kind: 'blocked',
      probe,
      message: `the container that declares port ${probe.port} is not running`,
    };
  }
  const { namespace = '', name: podName, uid: podUid = '' } = pod.metadata;
  const others = probe.kind === 'http' ? declaredPorts(pod).filter((one) => one !== port) : [];
  const target: Target = {
    namespace,
    podName,
    podUid,
    address,
    port,
    ...(others.length > 0 && { declaredPorts: others }),
  };
  return { kind: 'probed', probe, target, startedAtSeconds: start && Math.floor(start.getTime() / 1000) };
}
