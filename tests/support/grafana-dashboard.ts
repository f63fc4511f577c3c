import { readFileSync } from 'node:fs';

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

/** One panel, as far as tests look at it. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly alert?: unknown;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly datasource: DataSource; readonly expr: string }[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
  readonly query: unknown;
  readonly datasource?: DataSource;
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

/** The folder that Deckhouse shows the dashboard in is the one that the file is in. */
const FILE = new URL(
  '../../monitoring/grafana-dashboards/applications/service-with-healthchecks.json',
  import.meta.url,
);

// The format is Grafana's; what matters of it is looked at by the tests.
export const DASHBOARD = JSON.parse(readFileSync(FILE, 'utf8')) as Dashboard;

/** Panels that show something: all but the headings of rows. */
export const PANELS = DASHBOARD.panels.filter(({ type }) => type !== 'row');

/** Every query of a panel, with the dashboard's variables filled in so that Prometheus understands it. */
export function filledIn(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*');
}
