/** What a setting may be. */
interface Rule {
  /** Where it stands, as `agent.networkMode`. */
  readonly path: string;
  /** What to write, after "write". */
  readonly advice: string;
  allows(value: unknown): boolean;
}

const CPU = /^[1-9][0-9]{0,4}m$/;
const MEMORY = /^[1-9][0-9]{0,4}Mi$/;

const RULES: readonly Rule[] = [
  oneOf('logLevel', ['Debug', 'Info', 'Warn', 'Error']),
  trueOrFalse('highAvailability'),
  oneOf('adoptionPolicy', ['Adopt', 'AdoptAlways', 'Refuse']),
  trueOrFalse('probeSecretAccess'),
  oneOf('agent.networkMode', ['Pod', 'HostNetwork']),
  ...['agent', 'controller'].flatMap((program) => [
    like(`${program}.resources.cpu`, CPU, 'thousandths of a core, as 50m'),
    like(`${program}.resources.memory`, MEMORY, 'mebibytes, as 128Mi'),
  ]),
];

/**
 * The rules of openapi/config-values.yaml, for the settings check before a configuration is taken over: one
 * sentence for each rule that is broken.
 */
export function checkSettings(settings: unknown): readonly string[] {
  if (!isRecord(settings)) return ['settings: write an object'];
  return RULES.flatMap(({ path, advice, allows }) => {
    const value = valueAt(settings, path.split('.'));
    return value === undefined || allows(value) ? [] : [`${path}: write ${advice}`];
  });
}

function oneOf(path: string, words: readonly string[]): Rule {
  return {
    path,
    advice: `one of ${words.join(', ')}`,
    allows: (value) => words.some((one) => one === value),
  };
}

function trueOrFalse(path: string): Rule {
  return { path, advice: 'true or false', allows: (value) => typeof value === 'boolean' };
}

function like(path: string, pattern: RegExp, advice: string): Rule {
  return { path, advice, allows: (value) => typeof value === 'string' && pattern.test(value) };
}

/** The value at a path; what is not an object on the way there is taken for the value, so that its rule is broken. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined || value === undefined || !isRecord(value)) return value;
  return valueAt(value[name], rest);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
