import { compareText } from '#lib/core/canonical-json.ts';
import { isRecord, parseJson } from '#lib/core/json.ts';
import type { EndpointSlice } from '#lib/core/kubernetes.ts';
import { REFUSED_ENDPOINTS_ANNOTATION } from '#lib/core/slice/endpoint-slice-metadata.ts';

/** A pod that would be an endpoint of the slice if the API server let it. */
export interface RefusedEndpoint {
  readonly podName: string;
  readonly uid: string;
  readonly nodeName: string;
  /** A sentence about the pod, for people. */
  readonly reason: string;
}

/** The text of the annotation: the same for the same pods in whatever order. */
export function encodeRefusedEndpoints(refused: readonly RefusedEndpoint[]): string {
  const sorted = refused.toSorted((a, b) => compareText(a.podName, b.podName) || compareText(a.uid, b.uid));
  return JSON.stringify(
    sorted.map(({ podName, uid, nodeName, reason }) => ({ podName, uid, nodeName, reason })),
  );
}

/** Pods in the annotation of a slice. What is not of our form is left out. */
export function refusedEndpointsOf({ metadata }: EndpointSlice): readonly RefusedEndpoint[] {
  const value = parseJson(metadata.annotations?.[REFUSED_ENDPOINTS_ANNOTATION]);
  return Array.isArray(value) ? value.filter(isRefusedEndpoint) : [];
}

function isRefusedEndpoint(value: unknown): value is RefusedEndpoint {
  return (
    isRecord(value) && ['podName', 'uid', 'nodeName', 'reason'].every((key) => typeof value[key] === 'string')
  );
}
