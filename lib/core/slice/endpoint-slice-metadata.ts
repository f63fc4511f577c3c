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

/** JSON of `RefusedEndpoints`: pods that are left out of the slice. */
export const REFUSED_ENDPOINTS_ANNOTATION = 'network.deckhouse.io/refused-endpoints';

/** Controllers of kube-controller-manager that make slices: of the pods of a selector, and of an Endpoints object. */
export const STANDARD_MANAGER = 'endpointslice-controller.k8s.io';
export const MIRRORING_MANAGER = 'endpointslicemirroring-controller.k8s.io';

/**
 * With value `true` on an Endpoints object, no slices are mirrored from it. The Endpoints controller copies the labels
 * of the Service, so that it has to be put there while the Service still has its selector.
 */
export const SKIP_MIRROR_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
