import type { EndpointSlice, Node, ObjectRef, Pod } from '#lib/core/kubernetes.ts';
import { refOf } from '#lib/core/kubernetes.ts';
import type { Plan } from '#lib/core/plan.ts';
import { nodeFacts } from '#lib/core/pod/node-facts.ts';
import { secretNameOf } from '#lib/core/probe/probe-needs.ts';
import type { Known } from '#lib/core/probe/probe-start.ts';
import { type TrackedEndpoint, trackEndpoints } from '#lib/core/probe/target-tracker.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { definitionHash, restoreVerdict } from '#lib/core/slice/probe-results.ts';
import { publicationOf } from '#lib/core/slice/publication.ts';
import { freezeSlices } from '#lib/core/slice/rejected-object.ts';
import { endpointsOf, isSliceOf } from '#lib/core/slice/slice-ownership.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import type { WaitingPlan } from '#lib/core/slice/write-pace.ts';
import { writeUrgency } from '#lib/core/slice/write-urgency.ts';
import type { Lister } from '#lib/kube/kube-api.ts';
import type { EndpointVerdicts } from '#lib/probe/endpoint-verdicts.ts';
import type { SecretWatcher } from './secret-watcher.ts';
import { FAIL_OPEN } from './slim-swh.ts';
import type { StoredSwh, SwhStore } from './swh-store.ts';

export interface SliceReconcilerDeps {
  readonly nodeName: string;
  readonly store: Pick<SwhStore, 'get'>;
  /** Pods of the node. */
  readonly pods: Lister<Pod>;
  /** Slices of the node. */
  readonly slices: Lister<EndpointSlice>;
  /** The one object is the node. */
  readonly nodes: Lister<Node>;
  readonly verdicts: EndpointVerdicts;
  readonly secrets: Pick<SecretWatcher, 'require'>;
}

/** What one object looks like from this node. */
interface World {
  readonly stored: StoredSwh | undefined;
  readonly pods: readonly Pod[];
  readonly slices: readonly EndpointSlice[];
}

/**
 * Brings the probes and the slices of one object in line with what the API says. Must not be called before every
 * lister has synced: an empty list would read as "all gone".
 */
export class SliceReconciler {
  readonly #deps: SliceReconcilerDeps;

  constructor(deps: SliceReconcilerDeps) {
    this.#deps = deps;
  }

  /** Starts and stops probes as needed and gives the writes after which the slices are true. */
  plan(key: string): Plan<EndpointSlice> {
    const { stored, pods, slices } = this.#observe(key);
    if (stored === undefined) {
      this.#probe(key, undefined, []);
      // The slices go with their owner: the garbage collector deletes them.
      return { create: [], update: [], delete: [] };
    }
    if (stored.kind === 'rejected') {
      this.#probe(key, undefined, []);
      return freezeSlices(ownedBy(slices, stored.uid), pods);
    }
    const { swh } = stored;
    const own = slices.filter((slice) => isSliceOf(slice, swh));
    this.#probe(key, swh, trackEndpoints(swh, pods), own);
    return this.#planSlices(key, swh, { pods, slices });
  }

  /** What is to be known of a plan that was just made to say how long it may wait. */
  waitingPlan(key: string, plan: Plan<EndpointSlice>): WaitingPlan {
    const { stored, slices } = this.#observe(key);
    // While a Service changes hands, others wait for what is said.
    if (stored?.kind !== 'accepted' || publicationOf(stored.swh) !== 'publish') return MAY_NOT_WAIT;
    const own = slices.filter((slice) => isSliceOf(slice, stored.swh));
    const endpoints = own.reduce((sum, slice) => sum + endpointsOf(slice).length, 0);
    return { urgency: writeUrgency(own, plan), endpoints };
  }

  #observe(key: string): World {
    const { store, pods, slices } = this.#deps;
    const { namespace } = refOf(key);
    return {
      stored: store.get(key),
      pods: pods.inNamespace(namespace),
      slices: slices.inNamespace(namespace),
    };
  }

  #probe(
    key: string,
    swh: ServiceWithHealthchecks | undefined,
    endpoints: readonly TrackedEndpoint[],
    own: readonly EndpointSlice[] = [],
  ): void {
    const { secrets, verdicts } = this.#deps;
    if (swh === undefined || endpoints.length === 0) {
      verdicts.forget(key);
      secrets.require(key, []);
      return;
    }
    // A Secret is followed before its first use, so that the first run may find it.
    secrets.require(key, secretsOf(swh));
    verdicts.assign(key, { healthcheck: swh.healthcheck, endpoints }, (endpoint) =>
      published(swh, own, endpoint),
    );
  }

  #planSlices(
    key: string,
    swh: ServiceWithHealthchecks,
    { pods, slices }: Omit<World, 'stored'>,
  ): Plan<EndpointSlice> {
    const { nodeName, nodes, verdicts } = this.#deps;
    return planSlices({
      swh,
      node: nodeFacts(nodeName, nodes.get(nodeName)),
      pods,
      existing: slices,
      publication: publicationOf(swh),
      failOpenInForce: isInForce(swh),
      verdictOf: verdicts.lookup(key),
    });
  }
}

const MAY_NOT_WAIT: WaitingPlan = { urgency: 'atOnce', endpoints: 0, isIndivisible: true };

/** What an earlier process of this node has published about the endpoint. */
function published(
  { healthcheck }: ServiceWithHealthchecks,
  own: readonly EndpointSlice[],
  { podUid, address }: TrackedEndpoint,
): Known {
  const verdict = restoreVerdict(own, podUid, address);
  if (verdict === undefined) return { from: 'nothing' };
  const isSameDefinition = verdict.definition === definitionHash(healthcheck.probes);
  return { from: 'slice', verdict, isSameDefinition };
}

function secretsOf({ ref, healthcheck }: ServiceWithHealthchecks): readonly ObjectRef[] {
  return healthcheck.probes.flatMap((probe) => {
    const name = secretNameOf(probe);
    return name === undefined ? [] : [{ namespace: ref.namespace, name }];
  });
}

function isInForce({ observed }: ServiceWithHealthchecks): boolean {
  return observed.conditions.some(({ type, status }) => type === FAIL_OPEN && status === 'True');
}

function ownedBy(slices: readonly EndpointSlice[], uid: string): readonly EndpointSlice[] {
  return slices.filter((slice) => slice.metadata.ownerReferences?.some((owner) => owner.uid === uid));
}
