import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  databaseOutage,
  databasesReturn,
  noWrongWrite,
  readsAndWrites,
} from '../../dev/demo/database-steps.ts';
import {
  endpointsAppear,
  sideContainerUnready,
  webKilled,
  webReturns,
} from '../../dev/demo/machine-steps.ts';
import { type Stage, setStage } from '../../dev/demo/stage.ts';
import type { Expectation } from '../../dev/demo/summary.ts';
import { print } from '../support/print.ts';

/**
 * The user's manifests as they are, with their timings: a probe every 10 s, three failures to leave. The steps
 * are those of the demo, and depend on each other.
 */
let stage: Stage;

beforeAll(async () => {
  stage = await setStage({ say: print });
}, 120_000);
afterAll(() => stage?.close(), 60_000);

function expectAll(expectations: readonly Expectation[]): void {
  expect(expectations.filter(({ holds }) => !holds)).toEqual([]);
}

test('every load balancer finds its endpoints', async () => {
  expectAll([await endpointsAppear(stage)]);
});

test('reads reach all three databases, writes the primary only', async () => {
  expectAll(await readsAndWrites(stage));
});

test('a killed web server leaves web but not smtp, and writes move to a promoted standby, never to a replica', async () => {
  expectAll((await Promise.all([webKilled(stage), databaseOutage(stage)])).flat());
});

test('the web server and the old primary come back', async () => {
  expectAll(await Promise.all([webReturns(stage), databasesReturn(stage)]));
});

test('an unready side container takes the pod from the plain Service only', async () => {
  expectAll(await sideContainerUnready(stage));
});

test('over the whole run no write has reached a replica', async () => {
  expectAll([await noWrongWrite(stage)]);
});
