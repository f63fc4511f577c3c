import { describe, expect, it } from 'vitest';
import { REFUSED_ENDPOINTS_ANNOTATION } from '#lib/core/slice/endpoint-slice-metadata.ts';
import { probeResultsOf } from '#lib/core/slice/probe-results.ts';
import { encodeRefusedEndpoints, refusedEndpointsOf } from '#lib/core/slice/refused-endpoints.ts';
import { planSlices } from '#lib/core/slice/slice-plan.ts';
import { aHealthcheck, anSwh, aPod, aSlice } from '../../../../support/builders.ts';
import { planInput, publish } from '../../../../support/slice-planning.ts';

const LOOPBACK = aPod({ name: 'local', ips: ['127.0.0.1'] });
const REASON = 'no EndpointSlice may hold the loopback address 127.0.0.1 of the pod';
const TOLD = { podName: 'local', uid: 'uid-local', nodeName: 'node-1', reason: REASON };

describe('a pod whose address no slice may hold', () => {
  it('is left out and told beside the others, which stay', () => {
    const input = planInput({ pods: [aPod(), LOOPBACK] });
    const [slice = aSlice()] = publish(input);
    expect(slice.endpoints.map(({ addresses }) => addresses)).toEqual([['10.1.0.1']]);
    expect(refusedEndpointsOf(slice)).toEqual([TOLD]);
    expect(Object.keys(probeResultsOf(slice)?.pods ?? {})).toEqual(['web-1']);
    expect(planSlices({ ...input, existing: [slice] })).toEqual({ create: [], update: [], delete: [] });
  });

  it('is told alone, without probes too, until it is gone', () => {
    const swh = anSwh({ healthcheck: aHealthcheck({ probes: [] }) });
    const [slice = aSlice()] = publish(planInput({ swh, pods: [LOOPBACK] }));
    expect(slice.endpoints).toEqual([]);
    expect(refusedEndpointsOf(slice)).toEqual([TOLD]);
    expect(publish(planInput({ swh, pods: [], existing: [slice] }))).toEqual([]);
  });

  it('takes no port from another', () => {
    const twin = aPod({ name: 'other', ips: ['127.0.0.1'], isReady: false });
    const [slice = aSlice()] = publish(planInput({ pods: [LOOPBACK, twin] }));
    expect(refusedEndpointsOf(slice).map(({ podName }) => podName)).toEqual(['local', 'other']);
  });

  it('stands in its other family', () => {
    const pods = [aPod({ name: 'local', ips: ['127.0.0.1', 'fd00::1'] })];
    const slices = publish(planInput({ swh: anSwh({ ipFamilies: ['IPv4', 'IPv6'] }), pods }));
    expect(slices.map(({ addressType, endpoints }) => [addressType, endpoints.length]).toSorted()).toEqual([
      ['IPv4', 0],
      ['IPv6', 1],
    ]);
  });
});

describe('the annotation', () => {
  it('is the same in whatever order', () => {
    const other = { ...TOLD, podName: 'a' };
    expect(encodeRefusedEndpoints([TOLD, other])).toBe(encodeRefusedEndpoints([other, TOLD]));
  });

  it.each([undefined, '', '{', '{}', 'null', '[1]', '[{"podName":"a"}]'])('says nothing as %j', (text) => {
    const annotations = text === undefined ? {} : { [REFUSED_ENDPOINTS_ANNOTATION]: text };
    expect(refusedEndpointsOf(aSlice({ annotations }))).toEqual([]);
  });
});
