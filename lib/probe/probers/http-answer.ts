import type { HttpProbe, StatusRange } from '#lib/core/probe/probe.ts';
import { failure, type ProbeFailure, type ProbeOutcome, SUCCESS } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { type Hop, isRedirect, MOST_REDIRECTS, nextHop } from '#lib/probe/probers/http-redirect.ts';
import type { ResponseState } from '#lib/probe/probers/http-response-reader.ts';

/** What is asked: the probe, and how far redirects have led it. */
export interface Asked {
  readonly probe: HttpProbe;
  readonly target: Target;
  readonly hop: Hop;
  /** How many redirects have led to the hop. */
  readonly redirects: number;
}

/** What follows from a response: an outcome, or a further request. */
export type Decision = ProbeOutcome | { readonly kind: 'redirect'; readonly hop: Hop };

/** Statuses that mean success unless the user lists others. */
const DEFAULT_CODES: readonly StatusRange[] = [{ from: 200, to: 399 }];

/** The decision as soon as the part of the response that has come allows one. */
export function decide(asked: Asked, state: ResponseState): Decision | undefined {
  const { probe, hop } = asked;
  if (state.kind === 'head') {
    return undefined;
  }
  if (state.kind === 'malformed') {
    // How the bytes were cut into pieces must not matter: what came before may have been enough.
    const before = state.soFar === undefined ? undefined : decide(asked, { kind: 'body', ...state.soFar });
    return before ?? failure('ProtocolError', `${hop.port} answered with ${state.message}`);
  }
  const redirect = isRedirect(state.status) ? followed(asked, state.status, state.location) : undefined;
  if (redirect !== undefined) {
    return redirect;
  }
  if (!isAccepted(state.status, probe)) {
    return failure(
      'UnexpectedStatus',
      `${requestText(asked)} returned ${state.status}${afterRedirects(asked)}`,
    );
  }
  if (probe.expectBody === undefined || state.body.includes(probe.expectBody)) {
    return SUCCESS;
  }
  return state.kind === 'complete'
    ? failure('UnexpectedAnswer', `${requestText(asked)} returned a body without the expected text`)
    : undefined;
}

/** Whether a status code means success. */
export function isAccepted(status: number, { codes = DEFAULT_CODES }: HttpProbe): boolean {
  return isAmong(codes, status);
}

/**
 * The request in messages. The query stays out: it may hold a token. So does where redirects have led: the target
 * has written it.
 */
export function requestText({ probe: { scheme, method, path }, target: { port } }: Asked): string {
  const [shown = path] = path.split('?');
  return `${scheme} ${method} ${shown} on ${port}`;
}

/** Undefined: the response is judged by its own status. */
function followed(asked: Asked, status: number, location: string | undefined): Decision | undefined {
  const { probe, target, hop, redirects } = asked;
  const isNamed = probe.codes !== undefined && isAmong(probe.codes, status);
  const next = isNamed || location === undefined ? undefined : nextHop(probe, target, hop, location);
  if (next === undefined) {
    return undefined;
  }
  return redirects === MOST_REDIRECTS ? tooManyRedirects(asked) : { kind: 'redirect', hop: next };
}

function tooManyRedirects(asked: Asked): ProbeFailure {
  return failure(
    'TooManyRedirects',
    `${requestText(asked)} was redirected more than ${MOST_REDIRECTS} times`,
  );
}

function isAmong(ranges: readonly StatusRange[], status: number): boolean {
  return ranges.some(({ from, to }) => from <= status && status <= to);
}

function afterRedirects({ redirects }: Asked): string {
  if (redirects === 0) return '';
  return redirects === 1 ? ' after a redirect' : ` after ${redirects} redirects`;
}
