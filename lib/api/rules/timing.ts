import { error, type Finding, warning } from '#lib/api/finding.ts';
import type { DefaultedSpec } from '#lib/api/generated/resource.ts';
import { probePath } from '#lib/api/spec.ts';

/** Periods and timeouts that can work together. A timeout above the period works badly, but it does. */
export function checkTiming({ healthcheck }: DefaultedSpec): readonly Finding[] {
  if (healthcheck === undefined) return [];
  const { periodSeconds, fastPeriodMilliseconds, probes = [] } = healthcheck;
  const late = probes.flatMap(({ timeoutSeconds }, index) =>
    timeoutSeconds > periodSeconds
      ? [
          warning(
            `${probePath(index)}.timeoutSeconds`,
            `a probe must end before the next one is due: write at most ${periodSeconds}, the value of periodSeconds`,
          ),
        ]
      : [],
  );
  const isSlow = fastPeriodMilliseconds !== undefined && fastPeriodMilliseconds >= periodSeconds * 1000;
  return isSlow
    ? [
        ...late,
        error(
          'spec.healthcheck.fastPeriodMilliseconds',
          'write a value below periodSeconds × 1000, or drop the field',
        ),
      ]
    : late;
}
