import type { HttpProbe, HttpVersion } from '#lib/core/probe/probe.ts';
import { type ProbeUnknown, unknown } from '#lib/core/probe/probe-outcome.ts';
import type { Target } from '#lib/core/probe/target.ts';
import { type ProbeTlsDeps, tlsSettingsOf } from '#lib/probe/probe-tls.ts';
import type { HttpConnectionSettings } from '#lib/probe/probers/http-connection.ts';
import type { Hop } from '#lib/probe/probers/http-redirect.ts';
import { type HttpRequest, httpRequest, serverName } from '#lib/probe/probers/http-request.ts';
import type { TlsSettings } from '#lib/probe/tls-handshake.ts';

export interface HttpLegDeps extends ProbeTlsDeps {
  /** Sent as `User-Agent` unless the probe names its own. */
  readonly userAgent: string;
}

/** What one hop needs: the request, and the connection to ask on. */
export interface HttpLeg {
  readonly kind: 'leg';
  readonly request: HttpRequest;
  /** Address and port to ask. */
  readonly target: Target;
  readonly connection: HttpConnectionSettings;
}

/** Turns a hop into what is to be done, or says which setting stands in the way. */
export function httpLeg(
  deps: HttpLegDeps,
  probe: HttpProbe,
  target: Target,
  hop: Hop,
): HttpLeg | ProbeUnknown {
  const isFirst = hop.scheme === probe.scheme && hop.port === target.port && hop.path === probe.path;
  const asked = isFirst ? probe : { ...probe, scheme: hop.scheme, path: hop.path };
  const at = hop.port === target.port ? target : { ...target, port: hop.port };
  const request = httpRequest(asked, at, deps.userAgent);
  if (request.kind === 'invalid') {
    return unknown('InvalidSettings', request.message);
  }
  const tls = hop.scheme === 'HTTPS' ? tlsSettings(deps, probe, target) : undefined;
  if (tls !== undefined && 'kind' in tls) {
    return tls;
  }
  const { version } = probe;
  const isKept = probe.connection === 'Kept';
  const connection = tls === undefined ? PLAIN[version][isKept ? 'kept' : 'fresh'] : { tls, version, isKept };
  return { kind: 'leg', request, target: at, connection };
}

/** Without TLS nothing depends on the target. */
const PLAIN = {
  HTTP1: plain('HTTP1'),
  HTTP2: plain('HTTP2'),
  Negotiated: plain('Negotiated'),
} satisfies Readonly<Record<HttpVersion, unknown>>;

function plain(version: HttpVersion): Readonly<Record<'fresh' | 'kept', HttpConnectionSettings>> {
  return {
    fresh: { tls: undefined, version, isKept: false },
    kept: { tls: undefined, version, isKept: true },
  };
}

/**
 * A probe without TLS that is redirected to HTTPS has nothing to verify against: it takes any certificate, as
 * kubelet does.
 */
function tlsSettings(deps: HttpLegDeps, probe: HttpProbe, target: Target): TlsSettings | ProbeUnknown {
  const isMeant = probe.scheme === 'HTTPS';
  const { caCert, clientCertSecretName } = probe;
  const settings = tlsSettingsOf(
    deps,
    {
      serverName: serverName(probe, target),
      verifies: isMeant && probe.verifyTls,
      ...(caCert !== undefined && { caCert }),
      ...(isMeant && clientCertSecretName !== undefined && { clientCertSecretName }),
    },
    target,
  );
  const protocols = PROTOCOLS[probe.version];
  return 'kind' in settings || protocols === undefined ? settings : { ...settings, protocols };
}

/** Offered by ALPN. Nothing for HTTP/1.1: servers speak it to a client that says nothing. */
const PROTOCOLS: Readonly<Record<HttpVersion, readonly string[] | undefined>> = {
  HTTP1: undefined,
  HTTP2: ['h2'],
  Negotiated: ['h2', 'http/1.1'],
};
