import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import type { LogFields, Logger, LogLevel } from './logger.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];

export interface JsonLoggerOptions {
  /** Records below it are dropped. */
  readonly level: LogLevel;
  readonly clock?: Clock;
  /** Takes one line with its newline. Default: standard output. */
  readonly write?: (line: string) => void;
}

/** Writes each record as one line: `time`, `level`, `msg`, then the fields, those of `with` first. */
export function createJsonLogger(options: JsonLoggerOptions): Logger {
  const { level, clock = systemClock, write = (line: string) => process.stdout.write(line) } = options;
  const lowest = LOG_LEVELS.indexOf(level);
  const logger = (bound: LogFields): Logger => {
    const record = (at: LogLevel) => (msg: string, fields?: LogFields) => {
      if (LOG_LEVELS.indexOf(at) < lowest) return;
      const time = clock.now().toISOString();
      write(`${JSON.stringify({ time, level: at, msg, ...bound, ...fields })}\n`);
    };
    return {
      debug: record('debug'),
      info: record('info'),
      warn: record('warn'),
      error: record('error'),
      with: (fields) => logger({ ...bound, ...fields }),
    };
  };
  return logger({});
}
