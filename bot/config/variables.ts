/**
 * `${NAME}` in a text of the configuration becomes the value of an environment variable, so that secrets stand in no
 * file that is shared. `${NAME:-default}` gives a value for when it is not set, `$${` is a plain `${`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { reasonOf } from '../../engine/errors.ts';
import { ConfigError } from './problems.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The variables of `.env` in the project's root, under those of the real environment, which win.
 * @throws ConfigError when `.env` is there and cannot be read
 */
export function readVariables(root: string, environment: Variables): Variables {
  let text: string;
  try {
    text = readFileSync(join(root, '.env'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return environment;
    throw new ConfigError([{ file: '.env', key: '', text: `cannot be read: ${reasonOf(error)}` }]);
  }
  return { ...parseEnv(text), ...environment };
}

export interface Substitution {
  readonly text: string;
  /** Names whose values now stand in the text. */
  readonly used: readonly string[];
  /** What is wrong, one line each; then `text` means nothing. */
  readonly problems: readonly string[];
}

/** An empty variable counts as not set, as `:-` does in a shell. */
export function substitute(text: string, variables: Variables): Substitution {
  const used: string[] = [];
  const problems: string[] = [];
  const replaced = text.replace(
    /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g,
    (match, name: string | undefined, fallback: string | undefined) => {
      if (match === '$${') return '${';
      if (name === undefined) {
        problems.push(
          `"\${" begins no variable: write \${NAME} or \${NAME:-default}, or $\${ for a plain \${`,
        );
        return '';
      }
      const value = variables[name];
      if (value !== undefined && value !== '') {
        used.push(name);
        return value;
      }
      if (fallback !== undefined) return fallback;
      problems.push(`${name} is not set: set it in the environment or in .env`);
      return '';
    },
  );
  return { text: replaced, used, problems };
}
