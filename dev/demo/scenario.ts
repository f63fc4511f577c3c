import { databaseOutage, databasesReturn, noWrongWrite, readsAndWrites } from './database-steps.ts';
import type { Display } from './display.ts';
import { endpointsAppear, sideContainerUnready, webKilled, webReturns } from './machine-steps.ts';
import type { Stage } from './stage.ts';
import type { Expectation } from './summary.ts';

/**
 * Plays the scenes of the demo, slow ones side by side, and returns what was promised and what came of it. The
 * timings are those of the manifests: a probe every 10 s, three failures to leave, one success to return.
 */
export async function playScenario(stage: Stage, display: Display): Promise<readonly Expectation[]> {
  display.step('1/4  the load balancers find their endpoints; the first probe comes after 10 s');
  const beginning = [await endpointsAppear(stage), ...(await readsAndWrites(stage))];

  display.step('2/4  the web server is killed; the primary database stops, a standby is promoted');
  const outage = (await Promise.all([webKilled(stage), databaseOutage(stage)])).flat();

  display.step('3/4  the web server starts again; the old primary returns as a standby');
  const recovery = await Promise.all([webReturns(stage), databasesReturn(stage)]);

  display.step('4/4  a side container of the VM pod becomes unready');
  const side = await sideContainerUnready(stage);

  return [...beginning, ...outage, ...recovery, ...side, await noWrongWrite(stage)];
}
