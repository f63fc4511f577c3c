/** Servers and how HAProxy checks them; times in milliseconds. */
export interface HaproxyChecks {
  readonly servers: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  /** `tcp`: connect and reset. `http`: a GET of the path that must be answered with 200. */
  readonly kind: 'tcp' | { readonly httpPath: string };
  readonly intervalMs: number;
  /** Interval while a server is between its thresholds (`fastinter`). */
  readonly fastIntervalMs?: number;
  readonly timeoutMs: number;
  /** Failures and successes in a row that change the state; HAProxy's defaults are 3 and 2. */
  readonly fall?: number;
  readonly rise?: number;
}

/** Where its log goes (UDP), and the path of its command line. */
export interface HaproxyPlaces {
  readonly log: string;
  readonly cli: string;
}

/** One thread, one listener that nobody uses, and `maxconn` low: each of its connections costs descriptors. */
export function haproxyConfig(checks: HaproxyChecks, { log, cli }: HaproxyPlaces): string {
  const { servers, kind, intervalMs, fastIntervalMs, timeoutMs, fall = 3, rise = 2 } = checks;
  const fast = fastIntervalMs === undefined ? '' : ` fastinter ${fastIntervalMs}ms`;
  const check = `check inter ${intervalMs}ms${fast} fall ${fall} rise ${rise}`;
  const lines = [
    'global',
    '  nbthread 1',
    '  maxconn 500',
    `  log ${log} local0`,
    `  stats socket ${cli} level admin`,
    'defaults',
    '  mode tcp',
    '  log global',
    '  timeout connect 5s',
    '  timeout client 5s',
    '  timeout server 5s',
    `  timeout check ${timeoutMs}ms`,
    'listen checked',
    `  bind unix@${cli}-unused`,
    ...(kind === 'tcp' ? [] : httpChecks(kind.httpPath)),
    ...servers.map(({ name, address, port }) => `  server ${name} ${hostPort(address, port)} ${check}`),
  ];
  return `${lines.join('\n')}\n`;
}

function httpChecks(path: string): readonly string[] {
  return [
    '  option httpchk',
    `  http-check send meth GET uri ${path} ver HTTP/1.1 hdr Host x`,
    '  http-check expect status 200',
  ];
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
