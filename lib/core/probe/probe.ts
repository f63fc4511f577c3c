/** What a user asked to be probed: trusted, in milliseconds, with every default filled in. */

/** A port by number, or by the name of a container port, resolved on each pod. */
export type PortReference = number | string;

interface ProbeCommon {
  readonly port: PortReference;
  /** Deadline of one run: connect, TLS, write and read together. */
  readonly timeoutMs: number;
  /** Consecutive successes that turn a target up. At least 1. */
  readonly successThreshold: number;
  /** Consecutive failures that turn a target down. At least 1. */
  readonly failureThreshold: number;
}

/** TLS under a protocol that is not HTTP. */
export interface ProbeTls {
  /** Sent as server name and compared with the certificate; absent: the pod's address. Never the address dialled. */
  readonly serverName?: string;
  /** Whether the server certificate is verified. */
  readonly verifies: boolean;
  /** PEM bundle to verify against instead of the system's roots. */
  readonly caCert?: string;
  /** Secret with a client certificate and its key in the namespace of the object. */
  readonly clientCertSecretName?: string;
}

export interface TcpProbe extends ProbeCommon {
  readonly kind: 'tcp';
  /** Absent: the connection is not encrypted. */
  readonly tls?: ProbeTls;
  /** Text written after the connection stands; absent: not one byte is sent. */
  readonly send?: string;
  /** Text that the answer must contain within its first 4 KiB; absent: a connection is success. */
  readonly expect?: string;
}

/** HTTP status codes from `from` to `to`, both included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** `Negotiated`: HTTP/2 if the server takes it up (ALPN), which needs TLS; without TLS the same as `HTTP1`. */
export type HttpVersion = 'HTTP1' | 'HTTP2' | 'Negotiated';

/** A connection for each request, or one that is held open between requests. */
export type HttpConnectionUse = 'Fresh' | 'Kept';

export interface HttpProbe extends ProbeCommon {
  readonly kind: 'http';
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly method: 'GET' | 'HEAD';
  /** Path and query as written, with a leading slash. */
  readonly path: string;
  /** Host header and, for HTTPS, server name; absent: the pod's address. Never the address dialled. */
  readonly host?: string;
  /** Extra headers in order; a name may repeat. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** Whether the server certificate is verified (HTTPS only). */
  readonly verifyTls: boolean;
  /** PEM bundle to verify against instead of the system's roots. */
  readonly caCert?: string;
  /** Secret with a client certificate and its key in the namespace of the object (HTTPS only). */
  readonly clientCertSecretName?: string;
  readonly version: HttpVersion;
  readonly connection: HttpConnectionUse;
  /** Status codes that mean success, a redirect's own included; absent: 200–399, after redirects within the pod. */
  readonly codes?: readonly StatusRange[];
  /** Text that the first 64 KiB of the body must contain. */
  readonly expectBody?: string;
}

export interface PostgresqlProbe extends ProbeCommon {
  readonly kind: 'postgresql';
  /** Absent: the database named like the user. */
  readonly database?: string;
  /** Must give one row whose first column is true-ish (`t`, `true`, `y`, `yes`, `1`). */
  readonly query: string;
  /** Secret with `user` and `password` in the namespace of the object; absent: user `postgres`, no password. */
  readonly secretName?: string;
}

export interface GrpcProbe extends ProbeCommon {
  readonly kind: 'grpc';
  /** Absent: the connection is not encrypted. */
  readonly tls?: ProbeTls;
  /** Service asked of grpc.health.v1.Health; empty: the whole server. */
  readonly service: string;
}

export type Probe = TcpProbe | HttpProbe | PostgresqlProbe | GrpcProbe;
export type ProbeKind = Probe['kind'];

/** Whose readiness an endpoint needs beside its probes: see the field `podReadiness` of the custom resource. */
export type PodReadiness = 'Container' | 'Pod' | 'Ignore';

/** How many of the probes must be up for the endpoint to be up. */
export type Requirement =
  | { readonly type: 'All' }
  | { readonly type: 'Any' }
  | { readonly type: 'AtLeast'; readonly count: number };

/** What is published while probes leave (nearly) nothing: see the field `failOpen` of the custom resource. */
export type FailOpen =
  | { readonly type: 'None' }
  | { readonly type: 'LastKnown' }
  | { readonly type: 'MinimumReady'; readonly minimum: number };

export interface Healthcheck {
  /** Counted from the start of the pod's containers. */
  readonly initialDelayMs: number;
  readonly periodMs: number;
  /** Period while a target is in transition; absent: `periodMs`. */
  readonly fastPeriodMs?: number;
  /** Hold an idle connection to the probed port whose close triggers a probe at once. */
  readonly sentinel: boolean;
  readonly podReadiness: PodReadiness;
  readonly requirement: Requirement;
  readonly failOpen: FailOpen;
  /** Empty: endpoints follow the readiness of their pods, as for a plain Service. */
  readonly probes: readonly Probe[];
}
