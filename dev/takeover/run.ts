import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '#lib/core/kubernetes.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { endpointTimeline } from '../workload/endpoint-timeline.ts';
import { type ClientReport, startClients } from './clients.ts';
import { BAD_POD, GOOD_PODS, type TakeOverRig } from './rig.ts';

/** What one take-over or give-back was like. */
export interface RunReport {
  readonly clients: ClientReport;
  /** By the API server's word. */
  readonly longestGapMs: number;
  readonly disagreements: readonly string[];
  /** From the first act to the settled end. */
  readonly tookMs: number;
  /** When the first act began, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Everything at the end that should be otherwise, in words. */
  readonly faults: readonly string[];
}

/** One way in which a Service changes hands. `act` resolves when it has. */
export interface Variant {
  readonly name: string;
  /** Whether the Service is deleted on the way, so that a gap belongs to it. */
  readonly hasGap: boolean;
  /** Whether it stops programs or changes pods that all Services share, so that nothing else can be measured meanwhile. */
  readonly isAlone?: boolean;
  /** Whether two makers may say different things of one address for a moment. Default false. */
  readonly mayDisagree?: boolean;
  /** Makes the Service and what stands before; resolves when clients may come. */
  prepare(rig: TakeOverRig, name: string): Promise<void>;
  act(rig: TakeOverRig, name: string): Promise<void>;
  /** Who keeps the endpoints in the end. */
  readonly end: 'ours' | 'standard';
  cleanUp?(rig: TakeOverRig, name: string): Promise<void>;
}

/** Longer than kube-proxy takes to follow, and than a late write of a standard controller. */
const AFTERWARDS_MS = 1_500;

/** Runs a variant once, under the name of a Service of its own. */
export async function runVariant(rig: TakeOverRig, variant: Variant, name: string): Promise<RunReport> {
  await variant.prepare(rig, name);
  const before = await rig.service(name);
  if (before === undefined) throw new Error(`prepare ${variant.name}: there is no Service ${name}`);
  const clients = await startClients(rig, name, before.spec.clusterIP ?? '');
  const sinceMs = Date.now();
  await variant.act(rig, name);
  const endMs = Date.now();
  await delay(AFTERWARDS_MS);
  const faults = await faultsOf(rig, variant, name, before);
  const report = await clients.finish();
  const timeline = endpointTimeline(rig.endpoints.changes(name), sinceMs, endMs + AFTERWARDS_MS);
  const answering = report.answeredBySince(endMs + 1_000);
  const stray =
    variant.end === 'ours' && answering.includes(BAD_POD) ? [`${BAD_POD} still gets traffic`] : [];
  await variant.cleanUp?.(rig, name);
  await rig.deleteObject(name);
  await rig.deleteService(name);
  return { ...timeline, clients: report, sinceMs, tookMs: endMs - sinceMs, faults: [...faults, ...stray] };
}

async function faultsOf(
  rig: TakeOverRig,
  { end }: Variant,
  name: string,
  before: Service,
): Promise<readonly string[]> {
  const after = await rig.service(name);
  const slices = await rig.slices(name);
  const makers = [...new Set(slices.map(({ metadata }) => metadata.labels?.[MANAGED_BY_LABEL] ?? 'nobody'))];
  const endpoints = await rig.endpointsObject(name);
  const ready = rig.endpoints.ready(name);
  const isOurs = end === 'ours';
  const wanted = isOurs ? GOOD_PODS : [...GOOD_PODS, BAD_POD].toSorted();
  const maker = isOurs ? MANAGED_BY : 'endpointslice-controller.k8s.io';
  return [
    ...differs('clusterIP', after?.spec.clusterIP, before.spec.clusterIP),
    ...differs('nodePorts', nodePorts(after), nodePorts(before)),
    ...differs('makers of slices', makers, [maker]),
    ...differs('ready endpoints', ready, wanted),
    ...(isOurs ? differs('Endpoints object', endpoints === undefined, true) : []),
    ...differs('selector', after?.spec.selector !== undefined, !isOurs),
    ...differs('owners', after?.metadata.ownerReferences?.length ?? 0, isOurs ? 1 : 0),
  ];
}

function nodePorts(service: Service | undefined): readonly (number | undefined)[] {
  return (service?.spec.ports ?? []).map(({ nodePort }) => nodePort);
}

function differs(what: string, actual: unknown, wanted: unknown): readonly string[] {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(wanted)];
  return is === should ? [] : [`${what}: ${is} instead of ${should}`];
}

/** The report in one line. */
export function lineOf(
  variant: Variant,
  { clients, sinceMs, longestGapMs, tookMs, faults, disagreements }: RunReport,
): string {
  const { made, failed, held, lost, outageMs, messages } = clients;
  const parts = [
    `${variant.name}: ${made} connections made, ${failed} failed`,
    `${held} held, ${lost} lost`,
    `longest time without a ready endpoint ${longestGapMs} ms`,
    ...(failed > 0
      ? [
          `outage ${outageMs} ms (${messages.join('; ')}; at ${clients.failedAtMs
            .map((ms) => ms - sinceMs)
            .slice(0, 10)
            .join(', ')} ms)`,
        ]
      : []),
    `took ${tookMs} ms`,
    ...(disagreements.length > 0 ? [`disagreements: ${disagreements.join(', ')}`] : []),
    ...faults.map((fault) => `FAULT ${fault}`),
  ];
  return parts.join(', ');
}
