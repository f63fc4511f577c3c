import { waitFor } from '../../dev/process/wait-for.ts';
import type { EndpointLog } from '../../dev/workload/endpoint-log.ts';
import type { Haproxy } from '../peer/haproxy.ts';
import type { PacketDrop } from './packet-drop.ts';
import { BENCH_NODE, type Rig } from './rig.ts';
import { TargetControl } from './target-control.ts';

/** One target with a server of its own, checked by HAProxy and behind two objects: fast and plain. */
export interface Lane {
  /** Its server for HAProxy. */
  readonly name: string;
  readonly fast: string;
  readonly plain: string;
  readonly port: number;
  readonly controlPort: number;
  targets: TargetControl;
}

/** Who watches the targets, and what can be done to their packets. */
export interface Watchers {
  readonly rig: Rig;
  readonly haproxy: Haproxy;
  readonly drop: PacketDrop;
}

/** What HAProxy and the fast object ask for, so that the requests of the plain one can be told apart. */
export const FAST_PATH = '/fast';

const DEADLINE_MS = 20_000;
const FIRST_PORT = 8100;
const FIRST_CONTROL_PORT = 9100;

/** Starts the server of a lane and applies its objects; resolves when both have their endpoint. */
export async function startLane(rig: Rig, number: number): Promise<Lane> {
  const name = `lane-${number}`;
  const [port, controlPort] = [FIRST_PORT + number, FIRST_CONTROL_PORT + number];
  const targets = await startServer(rig, { name, port, controlPort });
  const lane: Lane = { name, fast: `fast-${number}`, plain: `plain-${number}`, port, controlPort, targets };
  const timing = { initialDelaySeconds: 0, periodSeconds: 1 };
  const http = (path: string) => ({ mode: 'HTTP', timeoutSeconds: 1, http: { targetPort: port, path } });
  const fast = {
    ...{ ...timing, fastPeriodMilliseconds: 50, sentinel: true },
    probes: [{ ...http(FAST_PATH), failureThreshold: 3, successThreshold: 1 }],
  };
  const plain = { ...timing, probes: [{ ...http('/healthz'), failureThreshold: 1 }] };
  await rig.addObject({ name: lane.fast, pods: 1, healthcheck: fast });
  await rig.addObject({ name: lane.plain, pods: 1, healthcheck: plain });
  return lane;
}

/** Starts the server of the lane, again after it was killed; the instant at which its port is open. */
export async function restartServer(rig: Rig, lane: Lane): Promise<number | undefined> {
  lane.targets = await startServer(rig, lane);
  return lane.targets.send('listening');
}

function startServer(
  { cluster }: Rig,
  { name, port, controlPort }: Pick<Lane, 'name' | 'port' | 'controlPort'>,
): Promise<TargetControl> {
  const node = cluster.network.node(BENCH_NODE);
  return TargetControl.start(cluster.host, { node, name, port, controlPort });
}

/** When a watcher saw the endpoint of the Service become ready, or not ready, after an instant. */
export function endpointChange(
  endpoints: EndpointLog,
  service: string,
  wanted: { readonly ready: boolean; readonly sinceMs: number },
): Promise<number> {
  // A watcher's clock counts whole milliseconds.
  const sinceMs = Math.floor(wanted.sinceMs);
  return waitFor(
    `the endpoint of ${service} to be ready: ${wanted.ready}`,
    async () =>
      endpoints
        .changes(service, sinceMs)
        .find(({ object }) => object.endpoints.some(({ conditions }) => conditions?.ready === wanted.ready))
        ?.atMs,
    { deadlineMs: DEADLINE_MS, intervalMs: 20 },
  );
}
