import { readFileSync } from 'node:fs';

interface Range {
  readonly from: number;
  readonly to: number;
}

const ALL_PORTS: Range = { from: 0, to: 65_535 };

let range: Range | undefined;

/** Whether the kernel may give this port to a connection of ours. Reads the kernel's range once, and fears the worst without it. */
export function mayBeLocalPort(port: number): boolean {
  range ??= readRange();
  return range.from <= port && port <= range.to;
}

function readRange(): Range {
  try {
    const [from = Number.NaN, to = Number.NaN] = readFileSync(
      '/proc/sys/net/ipv4/ip_local_port_range',
      'utf8',
    )
      .trim()
      .split(/\s+/)
      .map(Number);
    return from <= to ? { from, to } : ALL_PORTS;
  } catch {
    return ALL_PORTS;
  }
}
