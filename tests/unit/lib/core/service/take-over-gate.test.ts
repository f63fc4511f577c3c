import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Service } from '#lib/core/kubernetes.ts';
import type { EndpointVerdict } from '#lib/core/probe/endpoint-verdict.ts';
import { NOT_PROBED_YET } from '#lib/core/probe/verdict.ts';
import { type GateInput, takeOverGate } from '#lib/core/service/take-over-gate.ts';
import { PROBE_RESULTS_ANNOTATION } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { definitionHash } from '#lib/core/slice/probe-results.ts';
import { encodeProbeResults } from '#lib/core/slice/probe-results-text.ts';
import { anEndpoint, anSwh, aSlice, aVerdict, type SwhGiven } from '../../../../support/builders.ts';

const PODS = ['web-1', 'web-2'];
const endpointOf = (podName: string) => anEndpoint({ podName, address: `10.1.0.${podName.slice(-1)}` });

const failedWith = (message: string) =>
  aVerdict({ isUp: false, hasBeenUp: false, failed: [{ index: 0, probe: 'tcp:10.1.0.1:8080', message }] });
const UP = aVerdict();
const DOWN = failedWith('connection refused');
const UNKNOWN = failedWith(NOT_PROBED_YET);

/** Our slice with these verdicts, which shows the pods that are up. */
function ownSlice(verdicts: Readonly<Record<string, EndpointVerdict>>, definition: string): EndpointSlice {
  const pods = Object.fromEntries(
    Object.entries(verdicts).map(([name, verdict]) => [name, { uid: `uid-${name}`, ...verdict }]),
  );
  const shown = Object.keys(verdicts).filter((name) => verdicts[name]?.isUp);
  return aSlice({
    annotations: { [PROBE_RESULTS_ANNOTATION]: encodeProbeResults({ definition, pods }) },
    endpoints: shown.map(endpointOf),
  });
}

interface Given {
  readonly verdicts?: Readonly<Record<string, EndpointVerdict>>;
  readonly swh?: SwhGiven;
  /** Of the Service; absent: it has been claimed. */
  readonly selector?: Readonly<Record<string, string>> | null;
  readonly standing?: readonly string[];
  readonly announcedForMs?: number;
  readonly definition?: string;
}

function inputOf(given: Given): GateInput {
  const swh = anSwh(given.swh);
  const definition = given.definition ?? definitionHash(swh.healthcheck.probes);
  const own = ownSlice(given.verdicts ?? {}, definition);
  const leftover = aSlice({ name: 'standard', endpoints: (given.standing ?? PODS).map(endpointOf) });
  const standard = { ...leftover, metadata: { ...leftover.metadata, ownerReferences: [] } };
  const selector = given.selector === undefined ? { app: 'web' } : given.selector;
  const service: Service = {
    metadata: { namespace: 'default', name: 'web' },
    spec: selector === null ? {} : { selector },
  };
  const announcedForMs = given.announcedForMs ?? 0;
  return { swh, service, leftovers: [standard], slices: [own, standard], announcedForMs };
}

describe('takeOverGate', () => {
  const always: SwhGiven = { adoptionPolicy: 'AdoptAlways' };
  const cases: readonly { readonly name: string; readonly given: Given; readonly want: string }[] = [
    { name: 'nothing that could be missed', given: { standing: [] }, want: 'open' },
    {
      name: 'an object without endpoints',
      given: { swh: { service: { type: 'ExternalName' } } },
      want: 'open',
    },
    { name: 'every pod up', given: { verdicts: { 'web-1': UP, 'web-2': UP } }, want: 'open' },
    {
      name: 'a pod that was not probed',
      given: { verdicts: { 'web-1': UP, 'web-2': UNKNOWN } },
      want: 'waiting for the first verdict of web-2',
    },
    { name: 'no word of any agent', given: {}, want: 'waiting for the first verdict of web-1, web-2' },
    {
      name: 'verdicts by other probes',
      given: { verdicts: { 'web-1': DOWN, 'web-2': UP }, definition: 'other' },
      want: 'waiting for the first verdict of web-1',
    },
    {
      name: 'a pod that has failed once',
      given: { verdicts: { 'web-1': UP, 'web-2': DOWN }, announcedForMs: 19_000 },
      want: 'waiting whether web-2 keeps failing its probes',
    },
    {
      name: 'a pod that keeps failing',
      given: { verdicts: { 'web-1': UP, 'web-2': DOWN }, announcedForMs: 20_000 },
      want: 'open',
    },
    {
      name: 'no pod up',
      given: { verdicts: { 'web-1': DOWN, 'web-2': DOWN }, announcedForMs: 60_000 },
      want: 'no endpoint passes its probes (failing: web-1, web-2)',
    },
    {
      name: 'no pod up, with AdoptAlways',
      given: { verdicts: { 'web-1': DOWN, 'web-2': DOWN }, announcedForMs: 60_000, swh: always },
      want: 'open',
    },
    {
      name: 'pods of another selector, one of ours up',
      given: { verdicts: { 'web-3': UP }, selector: { app: 'old' }, swh: always },
      want: 'open',
    },
    {
      name: 'pods of another selector, none of ours probed',
      given: { selector: { app: 'old' }, swh: always },
      want: 'waiting for the first verdict of any pod',
    },
    {
      name: 'a claimed Service whose leftovers show a pod that is gone',
      given: { verdicts: { 'web-1': UP }, selector: null },
      want: 'open',
    },
  ];
  it.each(cases)('$name: $want', ({ given, want }) => {
    const gate = takeOverGate(inputOf(given));
    expect(gate.isOpen ? 'open' : gate.message).toContain(want);
  });
});
