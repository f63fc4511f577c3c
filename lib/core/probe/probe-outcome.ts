/**
 * What one run of a probe found out. A target that refuses the connection is a successful observation of a
 * failure; only the inability to observe is `unknown`, and it moves no threshold.
 */
export type ProbeOutcome = ProbeSuccess | ProbeFailure | ProbeUnknown;

export interface ProbeSuccess {
  readonly kind: 'success';
}

/** Why a target failed. Values are part of the metrics and of the status: add, never rename. */
export const FAILURE_REASONS = [
  'ConnectionRefused',
  'ConnectionClosed',
  'Unreachable',
  'Timeout',
  'TlsFailed',
  'UnexpectedStatus',
  'UnexpectedAnswer',
  'TooManyRedirects',
  'ProtocolError',
  'AuthenticationFailed',
  'QueryFailed',
  'NotServing',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

export interface ProbeFailure {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  /**
   * One sentence that a user understands without the source, e.g. "HTTP GET /healthz on 8080 returned 503".
   * At most 200 characters, no secrets, nothing of the answer's body.
   */
  readonly message: string;
}

/** Why nothing could be observed. Values are part of the metrics: add, never rename. */
export const UNKNOWN_CAUSES = [
  'Cancelled',
  'CheckerStalled',
  'NoDescriptors',
  'NoLocalPorts',
  'CredentialsMissing',
  'CredentialsInvalid',
  'InvalidSettings',
  'Internal',
] as const;

export type UnknownCause = (typeof UNKNOWN_CAUSES)[number];

export interface ProbeUnknown {
  readonly kind: 'unknown';
  readonly cause: UnknownCause;
  /** Same rules as for a failure's message. */
  readonly message: string;
}

export const SUCCESS: ProbeSuccess = { kind: 'success' };

/** A failure, its message cut to the promised length. */
export function failure(reason: FailureReason, message: string): ProbeFailure {
  return { kind: 'failure', reason, message: clip(message) };
}

/** An unknown outcome, its message cut to the promised length. */
export function unknown(cause: UnknownCause, message: string): ProbeUnknown {
  return { kind: 'unknown', cause, message: clip(message) };
}

const LONGEST_MESSAGE = 200;

function clip(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`;
}
