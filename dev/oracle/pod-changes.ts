import type { Random } from '#lib/runtime/random.ts';
import { nodeAddresses, podAddresses } from '../cluster/address-plan.ts';
import type { Change } from './change.ts';
import { chance, oneOf, weighted, wholeNumber } from './random.ts';
import {
  isFinished,
  LAYOUTS,
  NODE_NAMES,
  type NodeName,
  POD_NAMES,
  type PodModel,
  SERVICE_NAME,
  type World,
} from './world.ts';

/** Few numbers, so that an address soon belongs to another pod. */
const ADDRESSES_PER_NODE = 12;

/** On the host network a port is declared by one container only. */
const HOST_LAYOUTS = LAYOUTS.filter((layout) => layout !== 'udp-first');

/** A change of some pod that the API server accepts in this world. `block` holds the addresses of pods. */
export function podChange(world: World, random: Random, block: string): Change {
  const pods = [...world.pods.values()];
  const isFull = pods.length >= POD_NAMES.length;
  if (pods.length === 0 || (!isFull && chance(random, pods.length < 4 ? 0.5 : 0.2))) {
    const name = oneOf(
      random,
      POD_NAMES.filter((one) => !world.pods.has(one)),
    );
    return { kind: 'addPod', pod: freshPod(name, world, random, block) };
  }
  const pod = oneOf(random, pods);
  return weighted(random, [
    [8, () => readinessChange(pod, random)],
    [3, () => phaseChange(pod, random)],
    [3, () => updated(pod, 'labels', { labels: podLabels(random) })],
    [3, () => updated(pod, 'addresses', { ips: addresses(pod, world, random, block) })],
    [1, () => updated(pod, 'touch', { touched: pod.touched + 1 })],
    [3, () => endChange(pod, random)],
    [2, (): Change => ({ kind: 'replacePod', pod: freshPod(pod.name, world, random, block) })],
  ])();
}

function freshPod(name: string, world: World, random: Random, block: string): PodModel {
  const place: Place = {
    node: oneOf(random, NODE_NAMES),
    ...(chance(random, 0.15) ? { isOnHostNetwork: true } : {}),
  };
  const gate = chance(random, 0.25) ? oneOf(random, ['open', 'shut', 'unwritten'] as const) : 'none';
  return {
    name,
    ...place,
    labels: podLabels(random),
    layout: chance(random, 0.5) ? 'web' : oneOf(random, place.isOnHostNetwork ? HOST_LAYOUTS : LAYOUTS),
    ...(chance(random, 0.3) ? { hostname: `host-${name}` } : {}),
    ...(chance(random, 0.4) ? { subdomain: oneOf(random, [SERVICE_NAME, SERVICE_NAME, 'another']) } : {}),
    gate,
    phase: chance(random, 0.85) ? 'Running' : oneOf(random, ['Pending', 'Unknown'] as const),
    ips: chance(random, 0.9) ? addresses(place, world, random, block) : [],
    containersReady: chance(random, 0.75),
    isTerminating: false,
    touched: 0,
  };
}

function podLabels(random: Random): Readonly<Record<string, string>> {
  return {
    app: chance(random, 0.85) ? 'web' : 'other',
    ...(chance(random, 0.5) ? { tier: oneOf(random, ['front', 'back']) } : {}),
  };
}

function readinessChange(pod: PodModel, random: Random): Change {
  if (pod.gate !== 'none' && chance(random, 0.5)) {
    const gate = oneOf(random, ['open', 'shut', 'unwritten'] as const);
    return updated(pod, 'gate', { gate });
  }
  return updated(pod, 'readiness', { containersReady: !pod.containersReady });
}

/** A pod that has finished stays so, as with a kubelet. */
function phaseChange(pod: PodModel, random: Random): Change {
  if (isFinished(pod)) return { kind: 'removePod', name: pod.name };
  return updated(pod, 'phase', {
    phase: oneOf(random, ['Pending', 'Running', 'Running', 'Unknown', 'Succeeded', 'Failed'] as const),
  });
}

/** The API server deletes a finished pod at once, whatever grace is asked for. */
function endChange(pod: PodModel, random: Random): Change {
  const isGraceful = !pod.isTerminating && !isFinished(pod) && chance(random, 0.7);
  return { kind: isGraceful ? 'terminatePod' : 'removePod', name: pod.name };
}

function updated(pod: PodModel, what: string, given: Partial<PodModel>): Change {
  return { kind: 'updatePod', what, pod: { ...pod, ...given } };
}

type Place = Pick<PodModel, 'node' | 'isOnHostNetwork'>;

/** One address of either family, or both in either order. */
function addresses(place: Place, world: World, random: Random, block: string): readonly string[] {
  const [v4, v6] = place.isOnHostNetwork
    ? ownAddresses(place.node, block)
    : freeAddresses(place.node, world, random, block);
  const written = chance(random, 0.2) ? oddForm(v6, random) : v6;
  return weighted(random, [
    [6, [v4, written]],
    [2, [written, v4]],
    [2, [v4]],
    [1, [written]],
  ]);
}

function ownAddresses(node: NodeName, block: string): AddressPair {
  const { address, address6 } = nodeAddresses(block, NODE_NAMES.indexOf(node) + 1, node);
  return [address, address6];
}

type AddressPair = readonly [v4: string, v6: string];

/** Free on the node, but perhaps of a finished pod. */
function freeAddresses(node: NodeName, world: World, random: Random, block: string): AddressPair {
  const taken = new Set(
    [...world.pods.values()].flatMap((pod) => (isFinished(pod) ? [] : pod.ips.map(canonicalText))),
  );
  const free = Array.from({ length: ADDRESSES_PER_NODE }, (_, index) => index + 1)
    .map((number) => podAddresses(nodeAddresses(block, NODE_NAMES.indexOf(node) + 1, node), number))
    .filter((pair) => !pair.some((address) => taken.has(address)));
  return oneOf(random, free);
}

/** The address as nobody should write it, though the API server takes it. */
function oddForm(v6: string, random: Random): string {
  return wholeNumber(random, 0, 1) === 0 ? v6.toUpperCase() : v6.replace('::', zerosOf(v6));
}

/** What its `::` stands for. */
function zerosOf(v6: string): string {
  const written = v6.split(':').filter((group) => group !== '').length;
  return `:${'0:'.repeat(8 - written)}`;
}

/** Undoes `oddForm`. */
export function canonicalText(ip: string): string {
  return ip.toLowerCase().replace(/(?::0){2,}:/, '::');
}
