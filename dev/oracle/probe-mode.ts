import type { Facts, View } from './view.ts';

/** With which probes the twin runs, and what its plain Service's view demands of it then. */
export interface ProbeMode {
  readonly name: 'none' | 'passing' | 'failing';
  /** `spec.healthcheck` of the twin. */
  readonly healthcheck: object;
  /** The view that the twin must show when the plain Service shows this one. */
  readonly demandedOf: (plain: View) => View;
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
    demandedOf: withNothingServing,
  },
};

/** The same members, none of them serving, and ready only where readiness does not count. */
function withNothingServing(plain: View): View {
  const isPublished = plain.get('service')?.['publishNotReadyAddresses'] === true;
  return new Map(
    [...plain].map(([key, facts]): readonly [string, Facts] => {
      if (!key.startsWith('endpoint ')) return [key, facts];
      const hints = isPublished ? {} : { forZones: undefined, forNodes: undefined };
      return [key, { ...facts, serving: false, ready: isPublished, ...hints }];
    }),
  );
}
