import type { Container, ObjectMeta, Pod } from '#lib/core/kubernetes.ts';
import type { PodPlacement } from '../../dev/cluster/pod-worker.ts';

/** A field of the pod, as `spec.nodeName`. */
interface FieldRef {
  readonly fieldPath: string;
}

/** A container with what its kubelet obeys beyond the fields that the product reads. */
export interface PodContainer extends Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: FieldRef };
  }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: ContainerProbe;
  readonly livenessProbe?: ContainerProbe;
}

interface ContainerProbe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
}

/** One source of a projected volume. */
export interface VolumeSource {
  readonly serviceAccountToken?: { readonly path: string; readonly expirationSeconds?: number };
  readonly configMap?: {
    readonly name: string;
    readonly items?: readonly { readonly key: string; readonly path: string }[];
  };
  readonly downwardAPI?: {
    readonly items?: readonly { readonly path: string; readonly fieldRef: FieldRef }[];
  };
}

export interface PodVolume {
  readonly name: string;
  readonly projected?: { readonly sources: readonly VolumeSource[] };
}

/** A pod as the API server stored it; the kubelet of this project reads less of one. */
export interface StoredPod extends Pod {
  readonly metadata: ObjectMeta & { readonly namespace: string; readonly uid: string };
  readonly spec: Omit<Pod['spec'], 'containers'> & {
    readonly containers: readonly PodContainer[];
    readonly serviceAccountName: string;
    readonly volumes?: readonly PodVolume[];
    readonly securityContext: { readonly runAsUser?: number; readonly runAsGroup?: number };
    readonly terminationGracePeriodSeconds: number;
    readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  };
}

/** The value of a field of the pod; throws where it is none that a kubelet gives. */
export function fieldOf(pod: StoredPod, { addresses, node }: PodPlacement, { fieldPath }: FieldRef): string {
  const values: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': addresses[0],
    'status.hostIP': node.address,
  };
  const value = values[fieldPath];
  if (value === undefined) throw new Error(`pod ${pod.metadata.name} asks for ${fieldPath}`);
  return value;
}

/** The environment that the container names, in its order; later values may use earlier ones. */
export function environmentOf(
  pod: StoredPod,
  { env = [] }: PodContainer,
  placement: PodPlacement,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    found[name] =
      valueFrom?.fieldRef === undefined
        ? withVariables(value ?? '', found)
        : fieldOf(pod, placement, valueFrom.fieldRef);
  }
  return found;
}

/** The text with each `$(NAME)` replaced; unknown names stay, and `$$` is a dollar sign. */
export function withVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([\w.-]+)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? match),
  );
}
