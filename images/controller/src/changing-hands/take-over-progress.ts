/** What is known about the take-over of one Service. */
export type TakeOverState =
  /** Nothing yet: this process has not looked. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'underWay'; readonly message: string }
  /** Nothing but our slices feeds the Service, or the Service is not to be taken over. */
  | { readonly kind: 'clear' };

/** The states of all take-overs, for the status. */
export interface TakeOverProgress {
  note(key: string, state: TakeOverState): void;
  forget(key: string): void;
  of(key: string): TakeOverState;
}

/** Remembers the last state of each key; `onChange` hears of every key whose state is another one. */
export function createTakeOverProgress(onChange: (key: string) => void): TakeOverProgress {
  const states = new Map<string, TakeOverState>();
  return {
    note(key, state) {
      const before = states.get(key);
      states.set(key, state);
      if (before === undefined || JSON.stringify(before) !== JSON.stringify(state)) onChange(key);
    },
    forget: (key) => void states.delete(key),
    of: (key) => states.get(key) ?? { kind: 'unknown' },
  };
}
