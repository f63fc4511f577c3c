import type { IpFamily } from '#lib/core/kubernetes.ts';

export interface IpAddress {
  readonly family: IpFamily;
  /** Canonical form: no leading zeros, IPv6 in RFC 5952's form. */
  readonly address: string;
}

/**
 * Reads an address as leniently as the EndpointSlice controller does (leading zeros are decimal, an IPv4-mapped
 * address is IPv4) and gives it in canonical form. Undefined when it is no address.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  const bare = text.replace(/^::ffff:(?=\d+\.)/i, '');
  const parsed = bare.includes(':') ? parseIpv6(bare) : parseIpv4(bare);
  // The endpoints of a pod then share the text that the pod has, and hold no copy of their own each.
  return parsed?.address === text ? { ...parsed, address: text } : parsed;
}

/**
 * The range of an address that no EndpointSlice may hold; undefined for any other. Ranges that the API server refuses:
 * `ValidateEndpointIP` in k8s.io/kubernetes/pkg/apis/core/validation.
 */
export function refusedRange({ address }: IpAddress): string | undefined {
  return REFUSED.find(([pattern]) => pattern.test(address))?.[1];
}

/** Of addresses in canonical form. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^(?:0\.0\.0\.0|::)$/, 'unspecified'],
  [/^(?:127\.|::1$)/, 'loopback'],
  [/^(?:169\.254\.|fe[89ab][\da-f]:)/, 'link-local'],
  [/^(?:224\.0\.0\.|ff[\da-f]2:)/, 'link-local multicast'],
];

function parseIpv4(text: string): IpAddress | undefined {
  if (!/^\d{1,4}(?:\.\d{1,4}){3}$/.test(text)) return undefined;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 255) ? { family: 'IPv4', address: octets.join('.') } : undefined;
}

function parseIpv6(text: string): IpAddress | undefined {
  if (!/^[\da-f:.]+$/i.test(text)) return undefined;
  // The URL parser prints hosts in the form that RFC 5952 asks for.
  const host = URL.parse(`http://[${text}]`)?.hostname;
  if (host === undefined) return undefined;
  const mapped = /^\[::ffff:([\da-f]+):([\da-f]+)\]$/.exec(host);
  if (mapped === null) return { family: 'IPv6', address: host.slice(1, -1) };
  const octets = mapped.slice(1).flatMap((half) => {
    const number = Number.parseInt(half, 16);
    return [number >> 8, number & 255];
  });
  return { family: 'IPv4', address: octets.join('.') };
}
