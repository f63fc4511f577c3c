/** Whether connections that begin while the rules of their Service are rewritten are refused, in nftables and in iptables. */
import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { podAddresses } from '../dev/cluster/address-plan.ts';
import { setSysctls } from '../dev/cluster/ip-command.ts';
import { Network } from '../dev/cluster/network.ts';
import { onInterrupt } from '../dev/process/on-interrupt.ts';
import { ProcessHost } from '../dev/process/process-host.ts';
import { GiveUpError, waitFor } from '../dev/process/wait-for.ts';
import { type Bar, printBars } from './measure/bar.ts';
import { printTable } from './measure/table.ts';
import type { ConnectionTally } from './rig/connection-client.ts';
import {
  iptablesRules,
  nftablesRules,
  type ServiceRules,
  type TranslatedService,
} from './rig/service-rules.ts';

const USAGE = `Usage: npm run bench:rule-rewrites [-- --seconds N]

Rewrites the rules of a Service again and again, with the same content, while connections to it begin, and counts those that
are refused: with nftables rules of the shape that kube-proxy gives them, and with iptables rules; nftables rules at rest beside.

  --seconds N   how long each case is measured, in turns (default 40)
  --help

Exit status: 0 no connection failed with iptables nor with rules at rest, 1 one did, 2 wrong options.`;

const TURNS = 4;
const ENDPOINTS = 3;
const REFUSED = 'ECONNREFUSED';

/** A network namespace with rules of one Service in it, and its servers. */
interface Place {
  readonly netns: string;
  readonly service: TranslatedService;
  readonly rules: ServiceRules;
}

interface Case {
  readonly name: string;
  readonly place: Place;
  readonly isRewritten: boolean;
  /** Whether a connection that fails is a finding about the kernel, and not a fault. */
  readonly mayRefuse: boolean;
}

interface Outcome {
  readonly made: number;
  readonly rewrites: number;
  readonly failures: ReadonlyMap<string, number>;
}

async function measure(host: ProcessHost, seconds: number): Promise<readonly Bar[]> {
  const network = await Network.open(host);
  const nftables = await makePlace({ host, network, name: 'nftables', rulesOf: nftablesRules });
  const iptables = await makePlace({ host, network, name: 'iptables', rulesOf: iptablesRules });
  const cases: readonly Case[] = [
    { name: 'nftables, at rest', place: nftables, isRewritten: false, mayRefuse: false },
    { name: 'nftables, rewritten', place: nftables, isRewritten: true, mayRefuse: true },
    { name: 'iptables, rewritten', place: iptables, isRewritten: true, mayRefuse: false },
  ];
  const outcomes = new Map<Case, Outcome>();
  for (let turn = 1; turn <= TURNS; turn++) {
    for (const one of cases) {
      const outcome = await runTurn(host, one, {
        name: `client-${turn}-${one.name}`,
        seconds: seconds / TURNS,
      });
      outcomes.set(one, sumOf(outcomes.get(one), outcome));
    }
  }
  printOutcomes(outcomes);
  return [...outcomes]
    .filter(([{ mayRefuse }]) => !mayRefuse)
    .map(([{ name }, { failures }]) => ({
      ...{ name: `${name}: failures`, measured: total(failures), unit: 'connections', atMost: 0 },
    }));
}

interface PlaceParts {
  readonly host: ProcessHost;
  readonly network: Network;
  readonly name: string;
  readonly rulesOf: (netns: string, service: TranslatedService) => ServiceRules;
}

async function makePlace({ host, network, name, rulesOf }: PlaceParts): Promise<Place> {
  const node = await network.addNode(name);
  const { netns } = node;
  await network.routeServices(name);
  const service: TranslatedService = {
    clusterIp: network.plan.serviceCidrs[0].replace(/\.0\/24$/, '.1'),
    port: 80,
    endpoints: Array.from({ length: ENDPOINTS }, (_, index) => podAddresses(node, index + 1)[0]),
    endpointPort: 8080,
  };
  const rules = rulesOf(netns, service);
  await rules.install();
  await setSysctls(netns, {
    'net/ipv4/ip_local_port_range': '1024 65000',
    // A port is used again within seconds: by then the kernel is to have forgotten the connection that had it.
    'net/netfilter/nf_conntrack_tcp_timeout_close': '1',
  });
  const server = await host.start({
    ...{ name: `server-${name}`, netns, disposable: true },
    ...program('connection-server.ts', String(service.endpointPort), ...service.endpoints),
  });
  await waitFor(`${server.name} to listen (log ${server.logFile})`, async () => {
    if (!server.isRunning()) throw new GiveUpError(`${server.name} ended at start:\n${server.logTail()}`);
    return server.logTail(1) === 'listening' ? true : undefined;
  });
  return { netns, service, rules };
}

/** Lets connections begin for so long, and rewrites the rules all the while if the case asks for it. */
async function runTurn(
  host: ProcessHost,
  { place, isRewritten }: Case,
  { name, seconds }: { readonly name: string; readonly seconds: number },
): Promise<Outcome> {
  const { netns, service, rules } = place;
  const client = await host.start({
    ...{ name: name.replace(/\W+/g, '-'), netns, disposable: true },
    ...program('connection-client.ts', service.clusterIp, String(service.port), String(seconds)),
  });
  let rewrites = 0;
  while (isRewritten && client.isRunning()) {
    await rules.rewrite();
    rewrites += 1;
  }
  const status = await client.exited;
  if (status.kind !== 'exited' || status.code !== 0) {
    throw new Error(`${client.name} ended before its time:\n${client.logTail()}`);
  }
  // Written by our own program.
  const tally = JSON.parse(client.logTail(1)) as ConnectionTally;
  return { made: tally.made, rewrites, failures: new Map(Object.entries(tally.failures)) };
}

/** A program of this benchmark, for `ProcessHost.start`. */
function program(file: string, ...args: readonly string[]) {
  const path = fileURLToPath(new URL(`rig/${file}`, import.meta.url));
  return { command: process.execPath, args: [path, ...args] };
}

function sumOf(before: Outcome | undefined, { made, rewrites, failures }: Outcome): Outcome {
  const sum = new Map(before?.failures);
  for (const [code, count] of failures) sum.set(code, (sum.get(code) ?? 0) + count);
  return { made: (before?.made ?? 0) + made, rewrites: (before?.rewrites ?? 0) + rewrites, failures: sum };
}

function total(failures: ReadonlyMap<string, number>): number {
  return [...failures.values()].reduce((sum, count) => sum + count, 0);
}

function printOutcomes(outcomes: ReadonlyMap<Case, Outcome>): void {
  console.log(
    `Linux ${release()}, ${execFileSync('iptables-restore', ['--version'], { encoding: 'utf8' }).trim()}`,
  );
  printTable(
    ['rules', 'connections', 'rewrites', 'refused', 'other failures'],
    [...outcomes].map(([{ name }, { made, rewrites, failures }]) => {
      const refused = failures.get(REFUSED) ?? 0;
      const codes = [...failures.keys()].filter((code) => code !== REFUSED);
      const others = [String(total(failures) - refused), ...codes].join(' ');
      return [name, String(made), String(rewrites), String(refused), others];
    }),
  );
}

/** How long each case is to be measured, in seconds; undefined when there is nothing to measure. */
function secondsWanted(): number | undefined {
  try {
    const options = { seconds: { type: 'string', default: '40' }, help: { type: 'boolean' } } as const;
    const { values } = parseArgs({ options });
    if (values.help === true) {
      console.log(USAGE);
      return undefined;
    }
    const seconds = Number(values.seconds);
    if (!(seconds > 0 && Number.isFinite(seconds))) throw new Error('--seconds takes a number above 0');
    return seconds;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return undefined;
  }
}

async function main(): Promise<void> {
  const seconds = secondsWanted();
  if (seconds === undefined) return;
  const host = ProcessHost.open();
  const ignoreInterrupts = onInterrupt(() => host.close());
  try {
    process.exitCode = printBars(await measure(host, seconds)) ? 0 : 1;
  } finally {
    await host.close();
    ignoreInterrupts();
  }
}

await main();
