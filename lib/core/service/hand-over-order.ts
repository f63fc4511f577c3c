/**
 * How the controllers are told that the module is about to be removed: a ConfigMap of this name in the module's
 * namespace that carries this finalizer. Its deletion waits for the finalizer, which a controller takes off once every
 * Service has been given back; whoever deletes it thus waits for just that.
 */
export const HAND_OVER_ORDER = 'hand-over';
export const HAND_OVER_ORDER_FINALIZER = 'network.deckhouse.io/hand-over-services';
