/** Labels and annotations that our EndpointSlices carry. Names are part of the contract with consumers. */

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';
export const HERITAGE_LABEL = 'heritage';
/** Node that the slice belongs to, so that an agent can watch its own slices only: see `nodeLabelValue`. */
export const NODE_LABEL = 'network.deckhouse.io/node';

export const MANAGED_BY = 'servicewithhealthchecks';
export const HERITAGE = 'deckhouse';

/** JSON of `ProbeResults`: verdicts behind the endpoints of the slice, written at transitions only. */
export const PROBE_RESULTS_ANNOTATION = 'network.deckhouse.io/probe-results';
