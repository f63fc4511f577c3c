import { isIPv6 } from 'node:net';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { Target } from '#lib/core/probe/target.ts';

/** The bytes of a request, or why the settings cannot be written as one. */
export type HttpRequest =
  | { readonly kind: 'request'; readonly bytes: Buffer }
  | { readonly kind: 'invalid'; readonly message: string };

type Header = readonly [name: string, value: string];

/**
 * The request of a probe as HTTP/1.1 bytes: method, path and query verbatim; `Host`, `User-Agent`, `Accept` and
 * `Connection: close` as defaults that the probe's headers replace, an empty value removing `User-Agent` or
 * `Accept` as kubelet does; further headers in order, repeated names included.
 */
export function httpRequest(probe: HttpProbe, target: Target, userAgent: string): HttpRequest {
  const message = firstProblem(probe);
  if (message !== undefined) {
    return { kind: 'invalid', message };
  }
  const own = probe.headers.filter(({ name }) => !isNamed(name, 'host'));
  const defaults: readonly Header[] = [
    ['User-Agent', userAgent],
    ['Accept', '*/*'],
    ['Connection', 'close'],
  ];
  const headers: readonly Header[] = [
    ['Host', hostHeader(probe, target)],
    ...defaults.filter(([name]) => !own.some((header) => isNamed(header.name, name))),
    ...own.filter((header) => !isRemoval(header)).map(({ name, value }): Header => [name, value]),
  ];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return { kind: 'request', bytes: Buffer.from(`${probe.method} ${probe.path} HTTP/1.1\r\n${lines}\r\n`) };
}

/** The name that HTTPS asks for and verifies: `host`, else the name in a `Host` header, else the address. */
export function serverName(probe: HttpProbe, target: Target): string {
  const host = probe.host ?? hostHeaderOf(probe);
  if (host === undefined) {
    return target.address;
  }
  const bracketed = /^\[(.+)\](:\d+)?$/.exec(host)?.[1];
  return bracketed ?? (isIPv6(host) ? host : host.replace(/:\d+$/, ''));
}

/** Whether a status code is in one of the accepted ranges. */
export function isAccepted(status: number, probe: HttpProbe): boolean {
  return probe.codes.some(({ from, to }) => from <= status && status <= to);
}

function hostHeader(probe: HttpProbe, { address, port }: Target): string {
  const host = hostHeaderOf(probe) ?? probe.host;
  if (host !== undefined) {
    return host;
  }
  const name = isIPv6(address) ? `[${address}]` : address;
  return port === (probe.scheme === 'HTTPS' ? 443 : 80) ? name : `${name}:${port}`;
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
  return path.startsWith('/') && ![...path].some((char) => isControl(char) || char === ' ');
}

/** RFC 9110 §5.6.2. */
function isToken(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

/** RFC 9110 §5.5, tab allowed. */
function isFieldValue(value: string): boolean {
  return ![...value].some((char) => isControl(char) && char !== '\t');
}

function isControl(char: string): boolean {
  return char < ' ' || char === '\x7f';
}
