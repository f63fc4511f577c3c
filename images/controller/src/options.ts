import { bool } from '#lib/runtime/option-values.ts';
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
  namespace: namespaceOption('Namespace of the leader Lease'),
  'leader-elect': {
    type: bool,
    env: 'LEADER_ELECT',
    help: 'Act only while holding the Lease',
    fallback: { value: true },
  },
  'hand-over': {
    type: bool,
    env: 'HAND_OVER',
    help: 'Give every Service back to the standard controllers, then end',
    fallback: { value: false },
  },
  'metrics-address': metricsAddressOption(8080),
  'health-address': healthAddressOption(4250),
  'log-level': logLevelOption,
} as const satisfies OptionSet;

export type ControllerOptions = OptionValues<typeof OPTIONS>;

/** The controller as its command line shows it. */
export const PROGRAM: Program<typeof OPTIONS> = {
  name: 'controller',
  version: VERSION,
  summary: 'keeps the child Services and the statuses of ServiceWithHealthchecks objects',
  options: OPTIONS,
};
