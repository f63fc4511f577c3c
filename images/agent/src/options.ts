import { text } from '#lib/runtime/option-values.ts';
import type { OptionSet, OptionValues, Program } from '#lib/runtime/options.ts';
import {
  healthAddressOption,
  kubeconfigOption,
  logLevelOption,
  metricsAddressOption,
  namespaceOption,
  VERSION,
} from '#lib/runtime/program-options.ts';

const OPTIONS = {
  kubeconfig: kubeconfigOption,
  'node-name': { type: text('NODE'), env: 'NODE_NAME', help: 'Node whose pods are probed' },
  namespace: namespaceOption('Namespace that the agent runs in'),
  'metrics-address': metricsAddressOption(9874),
  'health-address': healthAddressOption(9873),
  'log-level': logLevelOption,
} as const satisfies OptionSet;

export type AgentOptions = OptionValues<typeof OPTIONS>;

/** The agent as its command line shows it. */
export const PROGRAM: Program<typeof OPTIONS> = {
  name: 'agent',
  version: VERSION,
  summary: 'probes the pods of its node and publishes EndpointSlices of ServiceWithHealthchecks objects',
  options: OPTIONS,
};
