import type { AdoptionPolicy } from '#lib/core/service-with-healthchecks.ts';
import { bool, oneOf } from '#lib/runtime/option-values.ts';
import type { OptionSet, OptionValues, Program } from '#lib/runtime/options.ts';
import {
  healthAddressOption,
  kubeconfigOption,
  logLevelOption,
  metricsAddressOption,
  namespaceOption,
  VERSION,
} from '#lib/runtime/program-options.ts';

const ADOPTION_POLICIES = ['Adopt', 'AdoptAlways', 'Refuse'] as const satisfies readonly AdoptionPolicy[];

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
  'adoption-policy': {
    type: oneOf('POLICY', ADOPTION_POLICIES),
    env: 'ADOPTION_POLICY',
    help: 'What holds for objects that name no adoptionPolicy',
    fallback: { value: 'Adopt' },
  },
  'probe-secret-access': {
    type: bool,
    env: 'PROBE_SECRET_ACCESS',
    help: 'Let agents read the Secrets that probes name',
    fallback: { value: true },
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
