import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';

/** One alert of monitoring/prometheus-rules. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Alert[];
}

const FOLDER = new URL('../../monitoring/prometheus-rules/', import.meta.url);

/** The groups of all rule files: each file is a list of groups. */
export function ruleGroups(): readonly RuleGroup[] {
  return readdirSync(FOLDER).flatMap(
    // The format is held by promtool and by the tests that call this.
    (file) => load(readFileSync(new URL(file, FOLDER), 'utf8')) as RuleGroup[],
  );
}

/** All alerts by name. */
export function alerts(): readonly Alert[] {
  return ruleGroups().flatMap(({ rules }) => rules);
}
