/**
 * ServiceWithHealthchecks objects that are good or bad, as users would send them: what the API server must say
 * to them is held against what the parser says.
 */

export const CA_CERT = `-----BEGIN CERTIFICATE-----
MIIBejCCASGgAwIBAgIUa506CZVInk3I0H+cxrtz7h0cRZ4wCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHdGVzdC1jYTAgFw0yNjExMjIxNzAwMDlaGA8yMTI2MTAyOTE3
MDAwOVowEjEQMA4GA1UEAwwHdGVzdC1jYTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABBLstV3yyYduvOojGB3RKB7BOWe7wk2Nju29otiIslNSZlb84/nMC4tIWIFI
dVgwvTjJtOlxO5QPHOQuLn5xqpejUzBRMB0GA1UdDgQWBBSaGxeiwDY+LyOMKojp
leWtJwpY/jAfBgNVHSMEGDAWgBSaGxeiwDY+LyOMKojpleWtJwpY/jAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIB2p/JhTSHDUNoeLIf3a3EDJ77Kx
Za/uxw4jLf9TPA4AAiARAIncKMqqGw2xnRVAQoxNEQ/WsvnOvwhW/jirK35gng==
-----END CERTIFICATE-----
`;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec?: unknown;
}

/** An object with the given spec. */
export function manifest(spec: unknown, name = 'web'): Manifest {
  return {
    apiVersion: 'network.deckhouse.io/v1alpha1',
    kind: 'ServiceWithHealthchecks',
    metadata: { name, namespace: 'my-ns' },
    ...(spec !== undefined && { spec }),
  };
}

const PORTS = [{ port: 80, targetPort: 8080 }];
const TCP = { mode: 'TCP', tcp: { targetPort: 8080 } };

/** An object with one port and the given healthcheck. */
export function withHealthcheck(healthcheck: Readonly<Record<string, unknown>>): Manifest {
  return manifest({ ports: PORTS, selector: { app: 'web' }, healthcheck });
}

/** An object with one port and the given probes. */
export function withProbes(...probes: readonly unknown[]): Manifest {
  return withHealthcheck({ probes });
}

/** An object with one HTTP probe to 8080. */
export function withHttp(http: Readonly<Record<string, unknown>>): Manifest {
  return withProbes({ mode: 'HTTP', http: { targetPort: 8080, ...http } });
}

export interface GoodObject {
  readonly name: string;
  readonly object: Manifest;
}

export const GOOD_OBJECTS: readonly GoodObject[] = [
  { name: 'no healthcheck', object: manifest({ ports: PORTS }) },
  { name: 'an empty healthcheck', object: withHealthcheck({}) },
  {
    name: 'no selector and an empty list of probes',
    object: manifest({ ports: PORTS, healthcheck: { probes: [] } }),
  },
  { name: 'a headless Service without ports', object: manifest({ clusterIP: 'None' }) },
  {
    name: 'an ExternalName Service',
    object: manifest({ type: 'ExternalName', externalName: 'example.com' }),
  },
  { name: 'the longest name', object: manifest({ ports: PORTS }, `a${'1'.repeat(62)}`) },
  {
    name: 'every field of a Service',
    object: manifest({
      type: 'LoadBalancer',
      selector: { app: 'web' },
      ports: [
        { name: 'http', port: 80, targetPort: 'http', nodePort: 30080, appProtocol: 'http' },
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53 },
      ],
      clusterIP: '10.0.0.5',
      clusterIPs: ['10.0.0.5', 'fd00::5'],
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'PreferDualStack',
      externalIPs: ['192.0.2.1'],
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Cluster',
      trafficDistribution: 'PreferClose',
      healthCheckNodePort: 30081,
      loadBalancerClass: 'example.com/lb',
      loadBalancerIP: '192.0.2.2',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
      allocateLoadBalancerNodePorts: true,
      publishNotReadyAddresses: true,
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    }),
  },
  {
    name: 'choices and target ports left empty, as typed clients write them',
    object: manifest({
      type: '',
      sessionAffinity: '',
      externalTrafficPolicy: '',
      ports: [{ name: '', port: 80, targetPort: 0 }],
      healthcheck: {
        probes: [
          {
            mode: 'HTTP',
            http: { targetPort: 80, path: '', host: '', caCert: '', clientCertSecretName: '', code: [] },
          },
          { mode: 'PostgreSQL', postgreSQL: { targetPort: 5432, dbName: '', query: '', authSecretName: '' } },
        ],
      },
    }),
  },
  {
    name: 'nulls, as some clients write them',
    object: manifest({
      ports: PORTS,
      selector: null,
      healthcheck: { periodSeconds: null, probes: [{ mode: 'TCP', tcp: { targetPort: 1 }, http: null }] },
    }),
  },
  {
    name: 'what the provider DVP writes',
    object: manifest(
      {
        type: 'LoadBalancer',
        selector: { 'dvp.deckhouse.io/1a2b': 'loadbalancer' },
        ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP', nodePort: 30080 }],
        externalIPs: [],
        healthcheck: {
          initialDelaySeconds: 10,
          periodSeconds: 10,
          timeoutSeconds: 1,
          probes: [{ mode: 'TCP', tcp: { targetPort: 30080 } }],
        },
      },
      'afb6b617d4f548a7',
    ),
  },
  {
    name: 'every setting of an HTTP probe',
    object: withHttp({
      targetPort: 'https',
      path: '/healthz?full=1',
      host: 'app.example.com',
      scheme: 'HTTPS',
      method: 'GET',
      httpHeaders: [
        { name: 'X-Probe', value: 'a' },
        { name: 'X-Probe', value: '' },
      ],
      caCert: CA_CERT,
      clientCertSecretName: 'client.web-1',
      version: 'Negotiated',
      connection: 'Kept',
      code: [200, '204', '300-399'],
      expectBody: 'ok',
    }),
  },
  { name: 'a host and a path in another script', object: withHttp({ host: 'пример.рф', path: '/проверка' }) },
  {
    name: 'HEAD without verification',
    object: withHttp({ method: 'HEAD', scheme: 'HTTPS', insecureSkipTLSVerify: true }),
  },
  {
    name: 'TLS under TCP and gRPC',
    object: withProbes(
      { tcp: { targetPort: 465, expect: '220', tls: {} } },
      {
        grpc: {
          targetPort: 9000,
          tls: { serverName: 'app.example.com', caCert: CA_CERT, clientCertSecretName: 'client.web-1' },
        },
      },
    ),
  },
  {
    name: 'blocks without a mode',
    object: withProbes(
      { http: { targetPort: 8080 } },
      { tcp: { targetPort: 'smtp', send: 'EHLO probe\r\n', expect: '220' } },
      { postgreSQL: { targetPort: 5432 } },
      { grpc: { targetPort: 9000, service: 'shop.v1.Cart' } },
    ),
  },
  {
    name: 'every setting of the healthcheck',
    object: withHealthcheck({
      initialDelaySeconds: 0,
      periodSeconds: 1,
      fastPeriodMilliseconds: 20,
      sentinel: false,
      podReadiness: 'Ignore',
      requirement: { type: 'AtLeast', count: 1 },
      failOpen: { type: 'MinimumReady', minimumReady: 2 },
      probes: [{ ...TCP, timeoutSeconds: 1, successThreshold: 2, failureThreshold: 1 }],
    }),
  },
  { name: 'empty policies', object: withHealthcheck({ requirement: {}, failOpen: {} }) },
  { name: 'as many probes as allowed', object: withProbes(...Array.from({ length: 16 }, () => TCP)) },
  {
    name: 'unknown fields',
    object: manifest({ ports: [{ ...PORTS[0], weight: 3 }], color: 'red', healthcheck: { speed: 1 } }),
  },
];

export interface BadObject {
  readonly name: string;
  readonly object: Manifest;
  /** Part of what the API server answers. */
  readonly refusal: string;
  /** Where the parser sees the fault. */
  readonly path: string;
  /** Whether the parser works with it all the same and warns, because a stored object may look like this. */
  readonly isTolerated?: true;
}

const PROBE = 'spec.healthcheck.probes[0]';

export const BAD_OBJECTS: readonly BadObject[] = [
  { name: 'no spec', object: manifest(undefined), refusal: 'spec: Required value', path: 'spec' },
  {
    name: 'a name that no Service may have',
    object: manifest({ ports: PORTS }, 'web.shop'),
    refusal: 'is the name of the child Service too',
    path: 'metadata.name',
  },
  {
    name: 'a name that begins with a digit',
    object: manifest({ ports: PORTS }, '1web'),
    refusal: 'is the name of the child Service too',
    path: 'metadata.name',
  },
  {
    name: 'a name that is too long',
    object: manifest({ ports: PORTS }, 'a'.repeat(64)),
    refusal: 'is the name of the child Service too',
    path: 'metadata.name',
  },
  { name: 'no ports', object: manifest({}), refusal: 'at least one entry in ports', path: 'spec' },
  {
    name: 'a port out of range',
    object: manifest({ ports: [{ port: 70_000 }] }),
    refusal: 'less than or equal to 65535',
    path: 'spec.ports[0].port',
  },
  {
    name: 'an unknown type',
    object: manifest({ type: 'Internal', ports: PORTS }),
    refusal: '"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"',
    path: 'spec.type',
  },
  {
    name: 'an unknown protocol',
    object: manifest({ ports: [{ port: 80, protocol: 'tcp' }] }),
    refusal: '"TCP", "UDP", "SCTP"',
    path: 'spec.ports[0].protocol',
  },
  {
    name: 'two ports of which one has no name',
    object: manifest({ ports: [{ name: 'a', port: 80 }, { port: 81 }] }),
    refusal: 'a name of its own',
    path: 'spec.ports',
  },
  {
    name: 'a port with a bad name',
    object: manifest({ ports: [{ name: 'Web_1', port: 80 }] }),
    refusal: 'no hyphen at either end',
    path: 'spec.ports[0].name',
  },
  {
    name: 'a target port out of range',
    object: manifest({ ports: [{ port: 80, targetPort: 65_536 }] }),
    refusal: 'a port number from 1 to 65535',
    path: 'spec.ports[0].targetPort',
  },
  {
    name: 'a target port number in quotes',
    object: manifest({ ports: [{ port: 80, targetPort: '8080' }] }),
    refusal: 'a port number without quotes',
    path: 'spec.ports[0].targetPort',
  },
  {
    name: 'a mode without its block',
    object: withProbes({ mode: 'HTTP' }),
    refusal: 'mode HTTP needs its block: write http',
    path: PROBE,
  },
  {
    name: 'a mode with the block of another',
    object: withProbes({ mode: 'TCP', http: { targetPort: 8080 } }),
    refusal: 'mode TCP needs its block: write tcp',
    path: PROBE,
  },
  {
    name: 'mode PostgreSQL without its block',
    object: withProbes({ mode: 'PostgreSQL' }),
    refusal: 'mode PostgreSQL needs its block: write postgreSQL',
    path: PROBE,
  },
  {
    name: 'mode GRPC without its block',
    object: withProbes({ mode: 'GRPC' }),
    refusal: 'mode GRPC needs its block: write grpc',
    path: PROBE,
  },
  {
    name: 'a further block beside that of the mode',
    object: withProbes({ ...TCP, http: { targetPort: 8080 } }),
    refusal: 'a probe has one block',
    path: `${PROBE}.http`,
    isTolerated: true,
  },
  {
    name: 'neither mode nor block',
    object: withProbes({ timeoutSeconds: 1 }),
    refusal: 'write the mode',
    path: PROBE,
  },
  {
    name: 'two blocks without a mode',
    object: withProbes({ tcp: { targetPort: 1 }, http: { targetPort: 1 } }),
    refusal: 'the mode may be left out only when there is exactly one block',
    path: PROBE,
  },
  {
    name: 'an unknown mode',
    object: withProbes({ mode: 'ICMP' }),
    refusal: '"HTTP", "TCP", "PostgreSQL", "GRPC"',
    path: `${PROBE}.mode`,
  },
  {
    name: 'a block without a port',
    object: withProbes({ mode: 'TCP', tcp: {} }),
    refusal: 'targetPort: Required value',
    path: `${PROBE}.tcp.targetPort`,
  },
  ...['http', 'tcp', 'postgreSQL', 'grpc'].flatMap((block): readonly BadObject[] => [
    {
      name: `port 0 in ${block}`,
      object: withProbes({ [block]: { targetPort: 0 } }),
      refusal: 'a port number from 1 to 65535',
      path: `${PROBE}.${block}.targetPort`,
    },
    {
      name: `a bad port name in ${block}`,
      object: withProbes({ [block]: { targetPort: 'web--ui' } }),
      refusal: 'the name of a container port',
      path: `${PROBE}.${block}.targetPort`,
    },
    {
      name: `a port name that is too long in ${block}`,
      object: withProbes({ [block]: { targetPort: 'a-very-long-name' } }),
      refusal: 'at most 15 lower-case letters',
      path: `${PROBE}.${block}.targetPort`,
    },
  ]),
  {
    name: 'a path without a slash',
    object: withHttp({ path: 'healthz' }),
    refusal: 'begin the path with a slash',
    path: `${PROBE}.http.path`,
    isTolerated: true,
  },
  {
    name: 'a path with white space',
    object: withHttp({ path: '/a b' }),
    refusal: 'percent-encode white space',
    path: `${PROBE}.http.path`,
    isTolerated: true,
  },
  {
    name: 'a URL as host',
    object: withHttp({ host: 'https://example.com' }),
    refusal: 'a bare host name',
    path: `${PROBE}.http.host`,
  },
  {
    name: 'a header name with a space',
    object: withHttp({ httpHeaders: [{ name: 'X Probe', value: 'a' }] }),
    refusal: 'letters, digits and hyphens, for example X-Probe',
    path: `${PROBE}.http.httpHeaders[0].name`,
  },
  {
    name: 'a header on two lines',
    object: withHttp({ httpHeaders: [{ name: 'X-Probe', value: 'a\r\nHost: b' }] }),
    refusal: 'the value on one line',
    path: `${PROBE}.http.httpHeaders[0].value`,
  },
  {
    name: 'a header without a value',
    object: withHttp({ httpHeaders: [{ name: 'X-Probe' }] }),
    refusal: 'value: Required value',
    path: `${PROBE}.http.httpHeaders[0].value`,
  },
  {
    name: 'a CA certificate that is no PEM',
    object: withHttp({ scheme: 'HTTPS', caCert: 'MIIBejCCASGgAwIBAgIUa506' }),
    refusal: 'paste the certificates in PEM',
    path: `${PROBE}.http.caCert`,
  },
  {
    name: 'a client certificate in a Secret of another namespace',
    object: withHttp({ scheme: 'HTTPS', clientCertSecretName: 'other/client' }),
    refusal: 'the name of a Secret of the same namespace',
    path: `${PROBE}.http.clientCertSecretName`,
  },
  ...['tcp', 'grpc'].flatMap((block): readonly BadObject[] => [
    {
      name: `a server name with a port in ${block}`,
      object: withProbes({ [block]: { targetPort: 1, tls: { serverName: 'app:443' } } }),
      refusal: 'a bare host name',
      path: `${PROBE}.${block}.tls.serverName`,
    },
    {
      name: `a CA certificate that is no PEM in ${block}`,
      object: withProbes({ [block]: { targetPort: 1, tls: { caCert: 'MIIBejCCASGg' } } }),
      refusal: 'paste the certificates in PEM',
      path: `${PROBE}.${block}.tls.caCert`,
    },
    {
      name: `a Secret of another namespace in ${block}`,
      object: withProbes({ [block]: { targetPort: 1, tls: { clientCertSecretName: 'other/client' } } }),
      refusal: 'the name of a Secret of the same namespace',
      path: `${PROBE}.${block}.tls.clientCertSecretName`,
    },
  ]),
  {
    name: 'an unknown version of HTTP',
    object: withHttp({ version: 'HTTP3' }),
    refusal: '"HTTP1", "HTTP2", "Negotiated"',
    path: `${PROBE}.http.version`,
  },
  {
    name: 'an unknown use of connections',
    object: withHttp({ connection: 'Pooled' }),
    refusal: '"Fresh", "Kept"',
    path: `${PROBE}.http.connection`,
  },
  {
    name: 'a status code out of range',
    object: withHttp({ code: [20] }),
    refusal: 'a status code such as 200',
    path: `${PROBE}.http.code[0]`,
  },
  {
    name: 'a range of status codes the wrong way round',
    object: withHttp({ code: [200, '299-200'] }),
    refusal: 'the lower code first',
    path: `${PROBE}.http.code[1]`,
  },
  {
    name: 'an unknown method',
    object: withHttp({ method: 'POST' }),
    refusal: '"GET", "HEAD"',
    path: `${PROBE}.http.method`,
  },
  {
    name: 'a body expected of HEAD',
    object: withHttp({ method: 'HEAD', expectBody: 'ok' }),
    refusal: 'the answer to HEAD has no body',
    path: `${PROBE}.http.expectBody`,
  },
  {
    name: 'an empty text in the body',
    object: withHttp({ expectBody: '' }),
    refusal: 'the text that the body must contain',
    path: `${PROBE}.http.expectBody`,
  },
  {
    name: 'an empty text to send',
    object: withProbes({ tcp: { targetPort: 1, send: '' } }),
    refusal: 'the text to send',
    path: `${PROBE}.tcp.send`,
  },
  {
    name: 'an empty text to expect',
    object: withProbes({ tcp: { targetPort: 1, expect: '' } }),
    refusal: 'the text that the answer must contain',
    path: `${PROBE}.tcp.expect`,
  },
  {
    name: 'a Secret of another namespace',
    object: withProbes({ postgreSQL: { targetPort: 5432, authSecretName: 'other/secret' } }),
    refusal: 'the name of a Secret of the same namespace',
    path: `${PROBE}.postgreSQL.authSecretName`,
  },
  {
    name: 'a timeout above the period',
    object: withHealthcheck({ periodSeconds: 5, probes: [{ ...TCP, timeoutSeconds: 6 }] }),
    refusal: 'a probe must end before the next one is due',
    path: `${PROBE}.timeoutSeconds`,
    isTolerated: true,
  },
  {
    name: 'a timeout above the default period',
    object: withProbes({ ...TCP, timeoutSeconds: 11 }),
    refusal: 'a probe must end before the next one is due',
    path: `${PROBE}.timeoutSeconds`,
    isTolerated: true,
  },
  {
    name: 'a timeout of nothing',
    object: withProbes({ ...TCP, timeoutSeconds: 0 }),
    refusal: 'greater than or equal to 1',
    path: `${PROBE}.timeoutSeconds`,
  },
  {
    name: 'a fast period that is not faster',
    object: withHealthcheck({ periodSeconds: 1, fastPeriodMilliseconds: 1000 }),
    refusal: 'below periodSeconds × 1000',
    path: 'spec.healthcheck.fastPeriodMilliseconds',
  },
  {
    name: 'a fast period that no node could hold',
    object: withHealthcheck({ fastPeriodMilliseconds: 19 }),
    refusal: 'greater than or equal to 20',
    path: 'spec.healthcheck.fastPeriodMilliseconds',
  },
  {
    name: 'more probes required than there are',
    object: withHealthcheck({ requirement: { type: 'AtLeast', count: 2 }, probes: [TCP] }),
    refusal: 'more probes are required than there are',
    path: 'spec.healthcheck.requirement',
  },
  {
    name: 'AtLeast without a count',
    object: withHealthcheck({ requirement: { type: 'AtLeast' }, probes: [TCP] }),
    refusal: 'write count together with type: AtLeast',
    path: 'spec.healthcheck.requirement',
  },
  {
    name: 'a count without AtLeast',
    object: withHealthcheck({ requirement: { count: 1 }, probes: [TCP] }),
    refusal: 'write count together with type: AtLeast',
    path: 'spec.healthcheck.requirement',
  },
  {
    name: 'MinimumReady without a number',
    object: withHealthcheck({ failOpen: { type: 'MinimumReady' } }),
    refusal: 'write minimumReady together with type: MinimumReady',
    path: 'spec.healthcheck.failOpen',
  },
  {
    name: 'a minimum without MinimumReady',
    object: withHealthcheck({ failOpen: { type: 'LastKnown', minimumReady: 1 } }),
    refusal: 'write minimumReady together with type: MinimumReady',
    path: 'spec.healthcheck.failOpen',
  },
  {
    name: 'too many probes',
    object: withProbes(...Array.from({ length: 25 }, () => TCP)),
    refusal: 'must have at most 24 items',
    path: 'spec.healthcheck.probes',
  },
  {
    name: 'a period out of range',
    object: withHealthcheck({ periodSeconds: 108_001 }),
    refusal: 'less than or equal to 108000',
    path: 'spec.healthcheck.periodSeconds',
  },
  {
    name: 'a value of a wrong type',
    object: withHealthcheck({ periodSeconds: 'ten' }),
    refusal: 'must be of type integer',
    path: 'spec.healthcheck.periodSeconds',
  },
];
