import { setTimeout as delay } from 'node:timers/promises';
import type { Service, ServicePort } from '#lib/core/kubernetes.ts';
import { waitFor } from '../process/wait-for.ts';
import { ObjectWatch } from '../workload/object-watch.ts';
import { unservedNames } from './port-names.ts';
import { NAMESPACE, type TakeOverRig } from './rig.ts';

/** The port under traffic; what its name and target are changes, its number stays. */
const HTTP = { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 } as const;
const METRICS = { name: 'metrics', port: 81, protocol: 'TCP', targetPort: 8080 } as const;

/** Changes of the ports of one object, each from the one before; the last leads back to the first. */
const CHANGES: readonly { readonly what: string; readonly ports: readonly ServicePort[] }[] = [
  { what: 'a port is added', ports: [HTTP, METRICS] },
  { what: 'another port is renamed', ports: [HTTP, { ...METRICS, name: 'stats' }] },
  { what: 'another port gets another number', ports: [HTTP, { ...METRICS, name: 'stats', port: 82 }] },
  { what: 'another port leads elsewhere', ports: [HTTP, { ...METRICS, name: 'stats', targetPort: 9090 }] },
  { what: 'the target port is named', ports: [{ ...HTTP, targetPort: 'web' }, METRICS] },
  { what: 'the protocol of applications is told', ports: [{ ...HTTP, appProtocol: 'http' }, METRICS] },
  { what: 'a port is removed', ports: [HTTP] },
  { what: 'the port itself is renamed', ports: [{ ...HTTP, name: 'main' }] },
  { what: 'the port itself loses its name', ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }] },
  { what: 'a port is added and the one without a name gets one', ports: [HTTP, METRICS] },
  { what: 'everything is as before', ports: [HTTP] },
];

/** Longer than kube-proxy, the Service and the slices take to follow each other. */
const PAUSE_MS = 1_500;

/**
 * Changes the ports of the object again and again; resolves when all has settled. Throws when a change does not, or when the
 * port under traffic had a name that no endpoint had.
 */
export async function changePorts(rig: TakeOverRig, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/services`;
  let sinceMs = 0;
  const services = new ObjectWatch<Service>(rig.cluster.controlPlane.api, path);
  try {
    await waitFor(`the watch to tell of ${name}`, async () => services.get(name));
    sinceMs = Date.now();
    await changeAll(rig, name);
  } finally {
    services.stop();
  }
  const changes = services.changes().filter(({ object }) => object.metadata.name === name);
  const unserved = unservedNames(changes, rig.endpoints.changes(name), { port: HTTP.port, sinceMs });
  if (unserved.length > 0) throw new Error(`${name} had no endpoint under port name ${unserved.join(', ')}`);
}

async function changeAll(rig: TakeOverRig, name: string): Promise<void> {
  for (const { what, ports } of CHANGES) {
    await rig.patchObject(name, { ports });
    await waitFor(`${what}: the Service ${name} and its slices`, async () => {
      const [service, slices] = await Promise.all([rig.service(name), rig.slices(name)]);
      const [wanted, has] = [namesOf(ports), namesOf(service?.spec.ports ?? [])];
      const shown = new Set(slices.map((slice) => namesOf(slice.ports ?? [])));
      if (has === wanted && shown.size === 1 && shown.has(wanted)) return true;
      throw new Error(`the Service has ${has}, the slices ${[...shown].join(' or ')}`);
    });
    await delay(PAUSE_MS);
  }
}

function namesOf(ports: readonly { readonly name?: string }[]): string {
  return ports
    .map(({ name = '' }) => name)
    .toSorted()
    .join(',');
}
