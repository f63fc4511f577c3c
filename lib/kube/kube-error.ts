/** What a failed request means for the caller. */
export type KubeErrorKind =
  /** Another version stands in the API, or a precondition failed: read again and plan again. */
  | 'conflict'
  /** The namespace is being deleted: there is nothing left to do. */
  | 'gone'
  | 'not-found'
  /** A create met an object of that name. */
  | 'exists'
  /** The rights do not suffice; trying again helps only once somebody grants them. */
  | 'forbidden'
  /** The API server refuses the object as it is. */
  | 'invalid'
  /** Network, overload, restart, expired credentials: try again later. */
  | 'transient'
  /** The resource version is too old to go on from: list again. */
  | 'expired'
  /** A request that our code should never have made, or an error that is not from the API. */
  | 'bug';

/** What is known about a failed request. `status` 0: no answer came. */
export interface KubeFailure {
  readonly status: number;
  /** `reason` of the Status object, or our own word where no answer came. */
  readonly reason: string;
  /** `details.causes[].reason` of the Status object. */
  readonly causes?: readonly string[];
  readonly retryAfterMs?: number;
}

/** A request to the API server that failed. The message names method and object, never a credential. */
export class KubeApiError extends Error {
  readonly code = 'KUBE_API';
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly string[];
  /** What the server asked for with `Retry-After`. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, failure: KubeFailure, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KubeApiError';
    this.status = failure.status;
    this.reason = failure.reason;
    this.causes = failure.causes ?? [];
    this.retryAfterMs = failure.retryAfterMs;
  }
}

const BY_STATUS: Readonly<Record<number, KubeErrorKind>> = {
  0: 'transient',
  400: 'invalid',
  // Credentials expire and are rotated; the next request reads them anew.
  401: 'transient',
  403: 'forbidden',
  404: 'not-found',
  408: 'transient',
  409: 'conflict',
  410: 'expired',
  412: 'conflict',
  413: 'invalid',
  422: 'invalid',
  429: 'transient',
};

/** Looks at codes only, never at texts. Everything that is not a `KubeApiError` is a bug. */
export function classifyKubeError(error: unknown): KubeErrorKind {
  if (!(error instanceof KubeApiError)) return 'bug';
  if (error.status === 409 && error.reason === 'AlreadyExists') return 'exists';
  if (error.status === 403 && error.causes.includes('NamespaceTerminating')) return 'gone';
  // A database restored from a backup is behind the version that we know; waiting does not help.
  if (error.causes.includes('ResourceVersionTooLarge')) return 'expired';
  if (error.status >= 500) return 'transient';
  return BY_STATUS[error.status] ?? 'bug';
}
