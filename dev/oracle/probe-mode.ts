import type { Endpoint } from '#lib/core/kubernetes.ts';

/** With which probes the twin runs, and what its plain Service demands of it then. */
export interface ProbeMode {
  readonly name: 'none' | 'passing' | 'failing';
  /** `spec.healthcheck` of the twin. */
  readonly healthcheck: object;
  /** What the twin must say of a pod of which the plain Service says this; `isPublished`: ready or not. */
  readonly demandedOf: (plain: Endpoint, isPublished: boolean) => Endpoint;
}

/** Ports of pods: on the first a server answers, on the second nobody listens. No pod declares either. */
export const ANSWERED_PORT = 7_777;
const SILENT_PORT = 7_778;

const QUICK = { initialDelaySeconds: 0, periodSeconds: 1 };

/** All modes. */
export const PROBE_MODES: Readonly<Record<ProbeMode['name'], ProbeMode>> = {
  none: { name: 'none', healthcheck: { probes: [] }, demandedOf: (plain) => plain },
  passing: {
    name: 'passing',
    healthcheck: {
      ...QUICK,
      probes: [
        { mode: 'HTTP', http: { targetPort: ANSWERED_PORT, path: '/' } },
        { mode: 'TCP', tcp: { targetPort: ANSWERED_PORT } },
      ],
    },
    demandedOf: (plain) => plain,
  },
  failing: {
    name: 'failing',
    healthcheck: {
      ...QUICK,
      probes: [
        { mode: 'TCP', tcp: { targetPort: ANSWERED_PORT } },
        { mode: 'TCP', tcp: { targetPort: SILENT_PORT } },
      ],
    },
    demandedOf: notServing,
  },
};

/** The same member, not serving, and ready only where readiness does not count. */
function notServing({ hints, ...plain }: Endpoint, isPublished: boolean): Endpoint {
  const conditions = { ...plain.conditions, serving: false, ready: isPublished };
  return { ...plain, conditions, ...(isPublished && hints !== undefined ? { hints } : {}) };
}
