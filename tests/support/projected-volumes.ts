import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../../dev/cluster/api-client.ts';
import type { PodPlacement } from '../../dev/cluster/pod-worker.ts';
import type { ProcessHost } from '../../dev/process/process-host.ts';
import { fieldOf, type PodContainer, type StoredPod, type VolumeSource } from './pod-container.ts';

/** Where the files are put, and where they come from. */
export interface VolumeDeps {
  readonly host: ProcessHost;
  readonly api: ApiClient;
}

/** A container and where its pod runs. */
export interface PlacedContainer {
  readonly pod: StoredPod;
  readonly container: PodContainer;
  readonly placement: PodPlacement;
}

/**
 * Writes the projected volumes that the container mounts, readable by the user of the pod alone, and returns their folders
 * by the path that they are mounted to. Throws for volumes of another kind.
 */
export async function projectVolumes(
  deps: VolumeDeps,
  placed: PlacedContainer,
): Promise<Readonly<Record<string, string>>> {
  const { pod, container } = placed;
  const { runAsUser = 0, runAsGroup = runAsUser } = pod.spec.securityContext;
  const mounts: Record<string, string> = {};
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const sources = pod.spec.volumes?.find((volume) => volume.name === name)?.projected?.sources;
    if (sources === undefined) throw new Error(`pod ${pod.metadata.name}: volume ${name} is not projected`);
    const folder = deps.host.directory(`volume-${pod.metadata.uid}-${name}`, 0o755);
    for (const source of sources) {
      for (const [file, content] of await filesOf(deps, placed, source)) {
        writeFileSync(join(folder, file), content, { mode: 0o600 });
        chownSync(join(folder, file), runAsUser, runAsGroup);
      }
    }
    mounts[mountPath] = folder;
  }
  return mounts;
}

type File = readonly [path: string, content: string];

async function filesOf(
  { api }: VolumeDeps,
  { pod, placement }: PlacedContainer,
  { serviceAccountToken, configMap, downwardAPI }: VolumeSource,
): Promise<readonly File[]> {
  if (serviceAccountToken !== undefined) {
    return [[serviceAccountToken.path, await tokenOf(api, pod, serviceAccountToken.expirationSeconds)]];
  }
  if (configMap !== undefined) {
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/configmaps/${configMap.name}`;
    const { data } = await api.get<{ readonly data: Readonly<Record<string, string>> }>(path);
    return (configMap.items ?? []).map(({ key, path: file }) => [file, data[key] ?? '']);
  }
  return (downwardAPI?.items ?? []).map(({ path, fieldRef }) => [path, fieldOf(pod, placement, fieldRef)]);
}

/** A token that is bound to the pod; the API server adds the pod's node. */
async function tokenOf(
  api: ApiClient,
  { metadata, spec }: StoredPod,
  expirationSeconds = 3_607,
): Promise<string> {
  const { namespace, name, uid } = metadata;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
  const { status } = await api.post<{ readonly status: { readonly token: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName}/token`,
    { spec: { expirationSeconds, boundObjectRef } },
  );
  return status.token;
}
