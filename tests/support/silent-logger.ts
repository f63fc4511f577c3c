import type { Logger } from '#lib/runtime/logger.ts';

/** For tests to which the log does not matter. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};
