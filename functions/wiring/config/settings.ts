export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the environment, told together. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the function's environment is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * The environment while it is read: each part of a configuration takes its variables and adds its problems. An empty value is
 * none: templates set every variable.
 */
export class Settings {
  readonly problems: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  optional(name: string): string | undefined {
    return this.#environment[name] || undefined;
  }

  /** An empty text where there is none, and a problem. */
  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) this.problems.push(`${name} is not set`);
    return value ?? '';
  }

  /** What stands between commas, each as `read` makes it; `undefined` of it: `what` it is not. */
  list(name: string, read: (text: string) => string | undefined, what: string): string[] {
    const texts = (this.optional(name) ?? '').split(',').map((text) => text.trim());
    return texts.flatMap((text) => {
      const value = text === '' ? '' : read(text);
      if (value === undefined) this.problems.push(`${name}: '${text}' is not a ${what}`);
      return value || [];
    });
  }
}

/** Reads a function's configuration, which is made of the parts that it uses. Throws ConfigError with every problem of all. */
export function readConfig<Config>(environment: Environment, read: (settings: Settings) => Config): Config {
  const settings = new Settings(environment);
  const config = read(settings);
  if (settings.problems.length > 0) throw new ConfigError(settings.problems);
  return config;
}
