import type { ListenAddress } from './http-server.ts';
import { LOG_LEVELS } from './json-logger.ts';
import type { LogLevel } from './logger.ts';

/** The text of an option as a trusted value, or what is wrong with it. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

/** How the value of an option is written and read. */
export interface OptionType<T> {
  /** Stands for the value in the help. */
  readonly placeholder: string;
  parse(text: string): Parsed<T>;
}

/** Any text that is not empty. */
export function text(placeholder: string): OptionType<string> {
  return {
    placeholder,
    parse: (value) => (value === '' ? wrong('must not be empty') : right(value)),
  };
}

export const bool: OptionType<boolean> = {
  placeholder: 'BOOL',
  parse: (value) =>
    value === 'true' || value === 'false' ? right(value === 'true') : wrong('must be true or false'),
};

/** One of the given words. */
export function oneOf<Word extends string>(placeholder: string, words: readonly Word[]): OptionType<Word> {
  return {
    placeholder,
    parse(value) {
      const word = words.find((one) => one === value);
      return word === undefined ? wrong(`must be one of ${words.join(', ')}`) : right(word);
    },
  };
}

export const logLevel: OptionType<LogLevel> = oneOf('LEVEL', LOG_LEVELS);

/** A whole number within limits that both belong to the range. */
export function integer(min: number, max: number): OptionType<number> {
  return {
    placeholder: 'NUMBER',
    parse(value) {
      const number = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
      const isInside = number >= min && number <= max;
      return isInside ? right(number) : wrong(`must be a whole number from ${min} to ${max}`);
    },
  };
}

/** `HOST:PORT`; the host may be empty (all addresses) or an IPv6 address in brackets. */
export const listenAddress: OptionType<ListenAddress> = {
  placeholder: 'HOST:PORT',
  parse(value) {
    const { host = '', port = '' } =
      /^(?<host>\[[0-9a-fA-F:.]+\]|[^:[\]]*):(?<port>[0-9]{1,5})$/.exec(value)?.groups ?? {};
    if (port === '' || Number(port) > 65_535) return wrong('must be HOST:PORT');
    return right({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
  },
};

function right<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

function wrong(problem: string): Parsed<never> {
  return { ok: false, problem };
}
