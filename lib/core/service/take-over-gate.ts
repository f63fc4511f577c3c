import type { Endpoint, EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import { NOT_PROBED_YET } from '#lib/core/probe/verdict.ts';
import { hasSameSelector, hasSelector } from '#lib/core/service/adoption.ts';
import type { ServiceWithHealthchecks } from '#lib/core/service-with-healthchecks.ts';
import { definitionHash, probeResultsOf } from '#lib/core/slice/probe-results.ts';
import { endpointsOf, isSliceOf } from '#lib/core/slice/slice-ownership.ts';

export interface GateInput {
  readonly swh: ServiceWithHealthchecks;
  readonly service: Service;
  /** Slices that are to go. */
  readonly leftovers: readonly EndpointSlice[];
  /** All slices of the Service. */
  readonly slices: readonly EndpointSlice[];
  /** Since when the agents have been asked for verdicts. */
  readonly announcedForMs: number;
}

/** Whether the leftovers can go without being missed; if not, why, for people. */
export type Gate = { readonly isOpen: true } | { readonly isOpen: false; readonly message: string };

const OPEN: Gate = { isOpen: true };

/**
 * Opens when every endpoint that the leftovers show as ready has a verdict of ours, and one of ours is ready. Under the
 * policy `AdoptAlways` verdicts alone suffice. An endpoint that fails gets as long as its threshold asks for. Nothing
 * is waited for where the leftovers show no ready endpoint: nothing can be missed there.
 */
export function takeOverGate(input: GateInput): Gate {
  const { swh, service, leftovers, announcedForMs } = input;
  const standing = readyEndpoints(leftovers);
  if (standing.length === 0 || swh.service.type === 'ExternalName') return OPEN;
  const known = verdictsOf(input);
  const isClaimed = !hasSelector(service.spec);
  // Whose pods another selector means is not known here: then what has been found so far has to do.
  const isComparable = isClaimed || hasSameSelector(swh.service, service.spec);
  const waiting = isComparable
    ? standing.filter((one) => !known.isDecided(one)).map(nameOf)
    : known.undecided;
  // A claimed Service's leftovers are frozen: an endpoint that died since will never get a verdict.
  if (waiting.length > 0 && !(isClaimed && known.ready > 0)) {
    return closed(`waiting for the first verdict of ${list(waiting)}`);
  }
  const failing = standing.filter((one) => known.isFailing(one)).map(nameOf);
  if (failing.length > 0 && announcedForMs < patienceMs(swh)) {
    return closed(`waiting whether ${list(failing)} keeps failing its probes`);
  }
  if (known.ready > 0) return OPEN;
  if (swh.adoptionPolicy === 'AdoptAlways' && known.decided > 0) return OPEN;
  return closed(
    `no endpoint passes its probes (failing: ${list(failing)}); the endpoints of the Service stay as they are ` +
      'until one does, or adoptionPolicy is AdoptAlways',
  );
}

/** Whether a slice shows an endpoint that gets traffic. */
export function readyEndpoints(slices: readonly EndpointSlice[]): readonly Endpoint[] {
  return slices.flatMap((slice) =>
    endpointsOf(slice).filter(({ conditions }) => conditions?.ready !== false),
  );
}

interface Known {
  /** Endpoints that are published as ready. */
  readonly ready: number;
  /** Pods with a verdict that a probe has made, and those without. */
  readonly decided: number;
  readonly undecided: readonly string[];
  isDecided(endpoint: Endpoint): boolean;
  isFailing(endpoint: Endpoint): boolean;
}

function verdictsOf({ swh, slices }: GateInput): Known {
  const own = slices.filter((slice) => isSliceOf(slice, swh));
  const shown = new Set(readyEndpoints(own).map(keyOf));
  const definition = definitionHash(swh.healthcheck.probes);
  const pods = own.flatMap((slice) => {
    const results = probeResultsOf(slice);
    return results?.definition === definition ? Object.entries(results.pods) : [];
  });
  const verdicts = new Map(pods.map(([, verdict]) => [verdict.uid, verdict]));
  const isFailing = (endpoint: Endpoint) => {
    const verdict = verdicts.get(endpoint.targetRef?.uid ?? '');
    return verdict !== undefined && isDecided(verdict) && !verdict.isUp;
  };
  return {
    ready: shown.size,
    decided: pods.filter(([, verdict]) => isDecided(verdict)).length,
    undecided:
      pods.length === 0 ? ['any pod'] : pods.filter(([, one]) => !isDecided(one)).map(([name]) => name),
    isDecided(endpoint) {
      const verdict = verdicts.get(endpoint.targetRef?.uid ?? '');
      return shown.has(keyOf(endpoint)) || (verdict !== undefined && isDecided(verdict));
    },
    isFailing,
  };
}

/** A target starts down: only a probe's own word makes that a verdict. */
function isDecided({ isUp, failed }: EndpointVerdict): boolean {
  return isUp || failed.every(({ message }) => message !== NOT_PROBED_YET);
}

/** The longest time that a probe may fail before it counts. */
function patienceMs({ healthcheck: { periodMs, probes } }: ServiceWithHealthchecks): number {
  return Math.max(0, ...probes.map(({ failureThreshold }) => (failureThreshold - 1) * periodMs));
}

function keyOf({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ''}/${addresses[0] ?? ''}`;
}

function nameOf({ targetRef, addresses }: Endpoint): string {
  return targetRef?.name ?? addresses[0] ?? '';
}

/** A few names, each once; a Service may have thousands of endpoints. */
function list(names: readonly string[]): string {
  const all = [...new Set(names)].toSorted();
  const shown = all.slice(0, MOST_NAMES).join(', ');
  return all.length > MOST_NAMES ? `${shown} and ${all.length - MOST_NAMES} more` : shown;
}

const MOST_NAMES = 5;

function closed(message: string): Gate {
  return { isOpen: false, message };
}
