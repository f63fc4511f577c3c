import { isIPv6 } from 'node:net';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { Target } from '#lib/core/probe/target.ts';

/** A request, free of anything that could break its framing. */
export interface HttpRequest {
  readonly kind: 'request';
  readonly method: 'GET' | 'HEAD';
  readonly scheme: 'HTTP' | 'HTTPS';
  /** Value of `Host` or `:authority`. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  /** All but `Host`, in order; a name may repeat. */
  readonly headers: readonly Header[];
  /** What HTTP/1.1 writes before and after the value of `Host`. */
  readonly text: { readonly before: string; readonly after: string };
  /** Whether anybody looks at the body of the answer. */
  readonly wantsBody: boolean;
}

/** The request, or why the settings cannot be written as one. */
export type HttpRequestResult = HttpRequest | { readonly kind: 'invalid'; readonly message: string };

type Header = readonly [name: string, value: string];

/**
 * The request of a probe: method, path and query verbatim; `Host`, `User-Agent`, `Accept` and, on a connection for
 * one request, `Connection: close` as defaults that the probe's headers replace, an empty value removing
 * `User-Agent` or `Accept` as kubelet does; further headers in order, repeated names included.
 */
export function httpRequest(probe: HttpProbe, target: Target, userAgent: string): HttpRequestResult {
  let known = prepared.get(probe);
  if (known?.userAgent !== userAgent) {
    known = prepare(probe, userAgent);
    prepared.set(probe, known);
  }
  if (known.kind === 'invalid') return known;
  const { method, scheme, path } = probe;
  const wantsBody = probe.expectBody !== undefined;
  const { host = addressOf(probe, target), headers, text } = known;
  return { kind: 'request', method, scheme, host, path, headers, text, wantsBody };
}

/** What is the same for all runs and targets of a probe: to check and to build it each time would cost microseconds. */
const prepared = new WeakMap<HttpProbe, Prepared>();

type Prepared = { readonly userAgent: string } & (
  | ({ readonly kind: 'headers'; readonly host: string | undefined } & Pick<HttpRequest, 'headers' | 'text'>)
  | { readonly kind: 'invalid'; readonly message: string }
);

function prepare(probe: HttpProbe, userAgent: string): Prepared {
  const message = firstProblem(probe);
  if (message !== undefined) {
    return { kind: 'invalid', userAgent, message };
  }
  const own = probe.headers.filter(({ name }) => !isNamed(name, 'host'));
  const defaults: readonly Header[] = [
    ['User-Agent', userAgent],
    ['Accept', '*/*'],
    ...(probe.connection === 'Fresh' ? [CLOSE] : []),
  ];
  const headers: readonly Header[] = [
    ...defaults.filter(([name]) => !own.some((header) => isNamed(header.name, name))),
    ...own.filter((header) => !isRemoval(header)).map(({ name, value }): Header => [name, value]),
  ];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  const host = hostHeaderOf(probe) ?? probe.host;
  const text = {
    before: `${probe.method} ${probe.path} HTTP/1.1\r\nHost: `,
    after: `\r\n${lines.join('')}\r\n`,
  };
  return { kind: 'headers', userAgent, host, headers, text };
}

const CLOSE: Header = ['Connection', 'close'];

/** The request as HTTP/1.1 writes it, in UTF-8. */
export function http1Text({ host, text: { before, after } }: HttpRequest): string {
  return before + host + after;
}

/**
 * The request as HTTP/2 writes it: names and values in turn, names in lower case, without the headers that speak of
 * an HTTP/1.1 connection (RFC 9113 §8.2.2).
 */
export function http2Fields({ method, scheme, path, host, headers }: HttpRequest): readonly string[] {
  const pseudo = [':method', method, ':scheme', scheme.toLowerCase(), ':authority', host, ':path', path];
  const fields = headers
    .map(([name, value]): Header => [name.toLowerCase(), value])
    .filter(([name, value]) => !OF_CONNECTION.has(name) && (name !== 'te' || value === 'trailers'));
  return [...pseudo, ...fields.flat()];
}

const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** The name that HTTPS asks for and verifies: `host`, else the name in a `Host` header, else the address. */
export function serverName(probe: HttpProbe, target: Target): string {
  const host = probe.host ?? hostHeaderOf(probe);
  if (host === undefined) {
    return target.address;
  }
  const bracketed = /^\[(.+)\](:\d+)?$/.exec(host)?.[1];
  return bracketed ?? (isIPv6(host) ? host : host.replace(/:\d+$/, ''));
}

/** What `Host` says unless the probe does. */
function addressOf({ scheme }: HttpProbe, { address, port }: Target): string {
  // An IP address, so this tells one family from the other.
  const name = address.includes(':') ? `[${address}]` : address;
  return port === (scheme === 'HTTPS' ? 443 : 80) ? name : `${name}:${port}`;
}

function hostHeaderOf(probe: HttpProbe): string | undefined {
  const value = probe.headers.find(({ name }) => isNamed(name, 'host'))?.value;
  return value === '' ? undefined : value;
}

function isRemoval({ name, value }: { readonly name: string; readonly value: string }): boolean {
  return value === '' && (isNamed(name, 'user-agent') || isNamed(name, 'accept'));
}

function isNamed(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

/** The first setting that would break the request's framing, and so could smuggle in a second request. */
function firstProblem(probe: HttpProbe): string | undefined {
  if (!isRequestTarget(probe.path)) {
    return 'path must start with / and hold no space and no control character: write %20 for a space';
  }
  if (probe.host !== undefined && !isFieldValue(probe.host)) {
    return 'host must not hold control characters';
  }
  const bad = probe.headers.find(({ name, value }) => !isToken(name) || !isFieldValue(value));
  return bad === undefined
    ? undefined
    : 'httpHeaders: a name must be a token, a value must hold no line break';
}

/** RFC 9112 §3.2: no whitespace; other bytes are the user's own choice. */
function isRequestTarget(path: string): boolean {
  return path.startsWith('/') && !UNFIT_FOR_TARGET.test(path);
}

/** RFC 9110 §5.6.2. */
function isToken(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/** RFC 9110 §5.5, tab allowed. */
function isFieldValue(value: string): boolean {
  return !UNFIT_FOR_VALUE.test(value);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the rule is about.
const UNFIT_FOR_TARGET = /[\x00-\x20\x7f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the rule is about.
const UNFIT_FOR_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;
