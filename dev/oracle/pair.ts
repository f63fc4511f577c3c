import type { ApiClient } from '../cluster/api-client.ts';
import type { Change, Step } from './change.ts';
import type { ClusterWatch } from './cluster-watch.ts';
import { type Difference, differences, differencesFromForecast } from './compare-views.ts';
import type { ProbeMode } from './probe-mode.ts';
import { serviceManifest, twinManifest } from './service-manifest.ts';
import { withoutRivals } from './shared-addresses.ts';
import { SideExecutor } from './side-executor.ts';
import { type Side, type View, viewOf } from './view.ts';
import { INITIAL_WORLD, SERVICE_NAME } from './world.ts';

/** What the two sides of a pair say against what they should. */
export interface Judgement {
  /** Where the plain Service differs from the forecast: it has not seen the step yet, or the forecast is wrong. */
  readonly plain: readonly Difference[];
  /** Where the twin differs from what the plain Service demands of it. */
  readonly twin: readonly Difference[];
}

export interface PairDeps {
  readonly api: ApiClient;
  readonly watch: ClusterWatch;
  readonly mode: ProbeMode;
  /** How long a Service may need to go. */
  readonly deadlineMs: number;
}

/** A Service and its twin over the same pods, in a namespace each, so that every name can be the same. */
export class Pair {
  readonly namespaces: readonly [plain: string, twin: string];
  readonly #deps: PairDeps;
  readonly #plain: SideExecutor;
  readonly #twin: SideExecutor;

  /** The namespaces exist and are empty. */
  constructor(deps: PairDeps, namespaces: readonly [plain: string, twin: string]) {
    const { api, mode } = deps;
    const [plain, twin] = namespaces;
    this.#deps = deps;
    this.namespaces = namespaces;
    this.#plain = new SideExecutor(api, plain, {
      path: `/api/v1/namespaces/${plain}/services`,
      manifest: serviceManifest,
      whenGone: () => this.#whenGone(plain),
    });
    this.#twin = new SideExecutor(api, twin, {
      path: `/apis/network.deckhouse.io/v1alpha1/namespaces/${twin}/servicewithhealthchecks`,
      manifest: (service) => twinManifest(service, mode.healthcheck),
      whenGone: () => this.#whenGone(twin),
    });
  }

  /** Makes both balancers as histories begin. */
  async open(): Promise<void> {
    await Promise.all([this.#plain, this.#twin].map((side) => side.apply(INITIAL_WORLD.service)));
  }

  /** Carries the changes out on both sides, each side in their order. */
  async carryOut(step: Step): Promise<void> {
    await Promise.all([this.#plain, this.#twin].map((side) => carryOutAll(side, step)));
  }

  /** Compares what is published at this moment. */
  judge(forecast: View): Judgement {
    const [plain, twin] = this.namespaces;
    const plainSide = this.#side(plain, this.#plain);
    const demanded = viewOf({ ...plainSide, slices: this.#demandedOf(plainSide) });
    return {
      plain: differencesFromForecast(forecast, viewOf(plainSide)),
      twin: differences(demanded, viewOf(this.#side(twin, this.#twin))),
    };
  }

  /** Changes the plain Service in a way that matters to nobody, so that its controller looks at it again. */
  async poke(serial: number): Promise<void> {
    const path = `/api/v1/namespaces/${this.namespaces[0]}/services/${SERVICE_NAME}`;
    await this.#deps.api.mergePatch(path, { metadata: { annotations: { [POKE]: String(serial) } } });
  }

  /** Removes the balancers and the pods; the namespaces stay. */
  async clear(): Promise<void> {
    await Promise.all([this.#plain, this.#twin].map((side) => side.clear()));
  }

  #side(namespace: string, side: SideExecutor): Side {
    const { watch } = this.#deps;
    const service = watch.service(namespace);
    return {
      namespace,
      service: service && withoutPoke(service),
      slices: watch.slices(namespace),
      podUids: side.podUids,
    };
  }

  /** The slices that the twin may have instead of those of the plain Service. */
  #demandedOf({ slices, service }: Side): Side['slices'] {
    const { mode } = this.#deps;
    const isPublished = service?.spec.publishNotReadyAddresses === true;
    const demanded = slices.map((slice) => ({
      ...slice,
      endpoints: (slice.endpoints ?? []).map((endpoint) => mode.demandedOf(endpoint, isPublished)),
    }));
    return withoutRivals(demanded);
  }

  async #whenGone(namespace: string): Promise<void> {
    const { watch, deadlineMs } = this.#deps;
    const isGone = (): boolean =>
      watch.service(namespace) === undefined && watch.slices(namespace).length === 0;
    if (await watch.until([namespace], isGone, deadlineMs)) return;
    throw new Error(`the Service or slices in ${namespace} outlived their owner by ${deadlineMs} ms`);
  }
}

const POKE = 'oracle.example.com/poke';

function withoutPoke(service: NonNullable<ReturnType<ClusterWatch['service']>>): typeof service {
  const { [POKE]: _, ...annotations } = service.metadata.annotations ?? {};
  return { ...service, metadata: { ...service.metadata, annotations } };
}

async function carryOutAll(side: SideExecutor, changes: readonly Change[]): Promise<void> {
  for (const change of changes) await side.carryOut(change);
}
