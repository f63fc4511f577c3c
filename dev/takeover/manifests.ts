import type { KubernetesObject } from '#lib/core/kubernetes.ts';

/** What the Services of a rig offer, and the pods behind it. */
const SERVICE_SPEC = {
  type: 'NodePort',
  selector: { app: 'web' },
  ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
};

const HEALTHCHECK = {
  initialDelaySeconds: 0,
  periodSeconds: 1,
  probes: [
    { mode: 'HTTP', http: { targetPort: 8080, path: '/healthz' }, timeoutSeconds: 1, failureThreshold: 2 },
  ],
};

/** A manifest, as a user has it in a file. */
export interface Manifest extends KubernetesObject {
  readonly spec?: object;
  readonly data?: object;
}

/** The Service before, and after a way back. */
export function serviceManifest(name: string, annotations: Readonly<Record<string, string>> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, annotations }, spec: SERVICE_SPEC };
}

/** The same as a ServiceWithHealthchecks; `spec` is what else it says. */
export function objectManifest(name: string, spec: object = {}): Manifest {
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name },
    spec: { ...SERVICE_SPEC, healthcheck: HEALTHCHECK, ...spec },
  };
}

/** Something else in a chart, which changes with every version. */
export function settingsManifest(name: string, version: number): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { version: `${version}` } };
}
