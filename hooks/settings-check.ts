const LOG_LEVELS = ['Debug', 'Info', 'Warn', 'Error'] as const;

/**
 * The rules of openapi/config-values.yaml, for the settings check before a configuration is taken over: one
 * sentence for each rule that is broken.
 */
export function checkSettings(settings: unknown): readonly string[] {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    return ['settings: write an object'];
  }
  const level: unknown = 'logLevel' in settings ? settings.logLevel : undefined;
  if (level === undefined || LOG_LEVELS.some((known) => known === level)) return [];
  return [`logLevel: write one of ${LOG_LEVELS.join(', ')}`];
}
