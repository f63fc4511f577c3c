import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { SharedValues } from './shared-values.ts';

/**
 * Makes slices smaller before they are kept in memory. A node has some hundred pods, and each may be an endpoint of many
 * objects, of which all slices say the same: that is there once. Who wrote which field when is left out: no reader needs it,
 * and a write without it leaves it alone.
 */
export function createSlimSlice(): (slice: EndpointSlice) => EndpointSlice {
  const endpoints = new SharedValues();
  return (slice) => {
    const { managedFields: _, ...metadata } = slice.metadata as EndpointSlice['metadata'] & {
      // What the API sends beyond the fields that the type names.
      readonly managedFields?: unknown;
    };
    // A slice without endpoints may have null.
    const shared = slice.endpoints?.map((endpoint) => endpoints.share(endpoint)) ?? slice.endpoints;
    return { ...slice, metadata, endpoints: shared };
  };
}
