import { isIPv6 } from 'node:net';
import type { HttpProbe } from '#lib/core/probe/probe.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { serverName } from '#lib/probe/probers/http-request.ts';

/** One request of a run: the first as the probe says, each further one where a redirect leads. */
export interface Hop {
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly port: number;
  /** Path and query. */
  readonly path: string;
}

/** As many as kubelet follows. */
export const MOST_REDIRECTS = 10;

/**
 * Where a redirect from the hop leads, if that is the same pod: named by its address or by the name that the probe
 * asks for, at the probed port or another one that the pod declares. Undefined for a location that is anywhere else
 * or no address at all: such a response is the last one.
 */
export function nextHop(probe: HttpProbe, target: Target, from: Hop, location: string): Hop | undefined {
  const base = URL.parse(`${schemeOf(from)}//${bracketed(target.address)}:${from.port}${from.path}`);
  const url = base === null ? null : URL.parse(utf8Of(location), base.href);
  if (base === null || url === null) {
    return undefined;
  }
  const scheme = SCHEMES.get(url.protocol);
  if (scheme === undefined || !isPod(url.hostname, base.hostname, serverName(probe, target))) {
    return undefined;
  }
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  const isDeclared = port === target.port || target.declaredPorts?.includes(port) === true;
  return isDeclared ? { scheme, port, path: `${url.pathname}${url.search}` } : undefined;
}

/** Whether a response of this status asks for another request; 300, 304 and 305 do not. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

const SCHEMES: ReadonlyMap<string, Hop['scheme']> = new Map([
  ['http:', 'HTTP'],
  ['https:', 'HTTPS'],
]);
const DEFAULT_PORTS = { HTTP: 80, HTTPS: 443 } as const;

function schemeOf({ scheme }: Hop): string {
  return scheme === 'HTTPS' ? 'https:' : 'http:';
}

function isPod(hostname: string, address: string, name: string): boolean {
  return hostname === address || hostname === URL.parse(`http://${bracketed(name)}/`)?.hostname;
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** Headers are read with one character a byte; a location in UTF-8 is common all the same. */
function utf8Of(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
