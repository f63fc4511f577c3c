import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectMeta } from '#lib/core/kubernetes.ts';
import { ROOT } from '../build/layout.ts';
import { helm } from '../cluster/helm.ts';
import { parseYamlDocuments } from '../manifest/yaml.ts';
import { chartValues, ONE_MASTER, type Platform, type Settings } from './chart-values.ts';

/** An object of the rendered chart. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** An object and the template that it came from, as `templates/agent/daemonset.yaml`. */
export interface Rendered {
  readonly template: string;
  readonly object: RenderedObject;
}

export interface RenderRequest {
  /** Default: none, so that all defaults hold. */
  readonly settings?: Settings;
  /** Default: one master and no kinds but those of Kubernetes. */
  readonly platform?: Platform;
  /** The chart. Default: this module. */
  readonly chart?: string;
}

/** Renders the module's chart with the pinned Helm, in the order in which Helm would install. */
export async function renderChart(request: RenderRequest = {}): Promise<readonly Rendered[]> {
  const { settings = {}, platform = ONE_MASTER, chart = ROOT } = request;
  const directory = await mkdtemp(join(tmpdir(), 'swh-chart-'));
  try {
    const values = join(directory, 'values.json');
    await writeFile(values, JSON.stringify(chartValues(settings, platform)));
    const place = ['--namespace', 'd8-service-with-healthchecks', '--kube-version', '1.34.4'];
    const args = ['template', 'service-with-healthchecks', chart, ...place, '--values', values];
    return parseRendered(await helm({ kubeconfig: '', directory }, args));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The objects in the output of `helm template`, which precedes each by a comment with its template. */
function parseRendered(output: string): readonly Rendered[] {
  return output.split(/^---$/m).flatMap((text) => {
    const [object] = parseYamlDocuments(text);
    if (object === undefined) return [];
    const template = /^# Source: [^/]+\/(.+)$/m.exec(text)?.[1];
    if (template === undefined) throw new Error(`helm names no template for:\n${text}`);
    // Helm refuses templates that render something without a kind.
    return [{ template, object: object as RenderedObject }];
  });
}

const WORKLOADS: readonly string[] = ['Deployment', 'DaemonSet'];

/** What a cluster without kubelets can be given: everything but what would make pods. */
export function withoutWorkloads(rendered: readonly Rendered[]): readonly Rendered[] {
  return rendered.filter(({ object }) => !WORKLOADS.includes(object.kind));
}

/** The objects as one text for `kubectl apply`. */
export function manifestOf(rendered: readonly Rendered[]): string {
  return rendered.map(({ object }) => JSON.stringify(object)).join('\n---\n');
}
