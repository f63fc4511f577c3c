import type { CheckReport } from '#lib/probe/probe-pool.ts';
import type { Clock } from '#lib/runtime/clock.ts';
import type { HttpAnswer, Routes } from '#lib/runtime/http-server.ts';

export interface PodReportDeps {
  readonly clock: Clock;
  report(namespace: string, podName: string): readonly CheckReport[];
}

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * `/checks?pod=NAMESPACE/NAME`: the checks of a pod of this node, each with its verdict and its last runs. Says no more
 * than slices, Events and logs do: addresses and reasons, but no header, no query and no credentials.
 */
export function podReportRoutes(deps: PodReportDeps): Routes {
  return {
    '/checks': (query) => {
      const [namespace = '', podName = '', ...rest] = (query.get('pod') ?? '').split('/');
      const isNamed = namespace !== '' && podName !== '' && rest.length === 0;
      if (!isNamed) return answer(400, { error: 'name a pod of this node: /checks?pod=NAMESPACE/NAME' });
      return answer(200, {
        checks: deps.report(namespace, podName).map((check) => shown(deps.clock, check)),
      });
    },
  };
}

function shown(clock: Clock, { assignment, owners, state, runs }: CheckReport): object {
  const { probe, target, timing } = assignment;
  const startMs = clock.now().getTime() - clock.monotonicMs();
  return {
    owners,
    mode: probe.kind,
    address: target.address,
    port: target.port,
    periodMs: timing.periodMs,
    verdict: state.verdict,
    ...(state.verdict === 'down' && { message: state.message }),
    runs: runs.map(({ endedMs, durationMs, outcome }) => ({
      endedAt: new Date(startMs + endedMs).toISOString(),
      milliseconds: Number(durationMs.toFixed(2)),
      outcome,
    })),
  };
}

function answer(status: number, body: object): HttpAnswer {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(body)}\n` };
}
