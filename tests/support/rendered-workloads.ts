import type { ObjectMeta } from '#lib/core/kubernetes.ts';
import type { Rendered, RenderedObject } from '../../dev/chart/render-chart.ts';

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy?: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly livenessProbe: object;
  readonly readinessProbe: object;
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits?: object;
  };
}

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly hostNetwork?: boolean;
  readonly dnsPolicy?: string;
  readonly priorityClassName: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations: readonly object[];
  readonly affinity?: object;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly containers: readonly ContainerSpec[];
}

/** A Deployment or DaemonSet of the chart, in the fields that tests look at. */
export interface Workload extends RenderedObject {
  readonly spec: {
    readonly replicas?: number;
    readonly revisionHistoryLimit: number;
    readonly template: { readonly metadata: ObjectMeta; readonly spec: PodSpec };
  };
}

/** All workloads of a rendered chart. */
export function workloadsOf(rendered: readonly Rendered[]): readonly Workload[] {
  // The API server checks these objects against their schema in the test of the chart.
  return rendered
    .map(({ object }) => object as Workload)
    .filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet');
}

/** The workload of a name; throws when there is none. */
export function workloadOf(rendered: readonly Rendered[], name: string): Workload {
  const found = workloadsOf(rendered).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`no workload ${name}`);
  return found;
}

/** The container of the program itself. */
export function programOf(workload: Workload): ContainerSpec {
  const found = workload.spec.template.spec.containers.find(({ name }) => name === workload.metadata.name);
  if (found === undefined) throw new Error(`${workload.metadata.name} has no container of its name`);
  return found;
}

/** The objects of a kind. */
export function ofKind(rendered: readonly Rendered[], kind: string): readonly RenderedObject[] {
  return rendered.map(({ object }) => object).filter((object) => object.kind === kind);
}
