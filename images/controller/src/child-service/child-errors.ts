import type { HookOutcome } from '#lib/hook/resident-host.ts';
import { childService } from '../../../../hooks/child-service.ts';

/** Why the last write of each child Service failed, for the status. */
export interface ChildErrors {
  /** Takes the outcome of any hook. */
  note(hook: string, key: string, outcome: HookOutcome): void;
  /** Undefined when the last write succeeded. */
  of(key: string): string | undefined;
}

/** Remembers errors until the next success; `onChange` hears of every key whose error is another one. */
export function createChildErrors(onChange: (key: string) => void): ChildErrors {
  const errors = new Map<string, string>();
  return {
    note(hook, key, outcome) {
      if (hook !== childService.name) return;
      const error = outcome.kind === 'failed' ? outcome.message : undefined;
      if (errors.get(key) === error) return;
      if (error === undefined) errors.delete(key);
      else errors.set(key, error);
      onChange(key);
    },
    of: (key) => errors.get(key),
  };
}
