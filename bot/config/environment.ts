/** Which environment the desk runs in, and in which folder it is written down. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../engine/errors.ts';
import { didYouMean } from './check.ts';

export interface Environment {
  readonly name: string;
  readonly folder: string;
  /** It comes from `config.example`, because there is no `config` folder yet. */
  readonly isExample: boolean;
}

const environmentName = /^[a-z0-9][a-z0-9_-]*$/;

/**
 * The environment that was asked for; else `demo`; else the only one there is.
 * @throws UserError when there is none of that name, or when it is not clear which one is meant
 */
export function findEnvironment(root: string, wanted: string | undefined): Environment {
  const isExample = !isFolder(join(root, 'config'));
  const home = isExample ? 'config.example' : 'config';
  const known = foldersIn(join(root, home));
  const found = (name: string) => ({ name, folder: join(root, home, name), isExample });

  if (wanted !== undefined) {
    if (known.includes(wanted)) return found(wanted);
    const there = known.length > 0 ? `there is ${known.join(', ')}` : 'there is none';
    throw new UserError(
      `The environment "${wanted}" is not in ${home}/: ${there}${didYouMean(wanted, known)} (--env, OUTCRY_ENV)`,
    );
  }
  const [only, ...others] = known;
  if (known.includes('demo')) return found('demo');
  if (only === undefined) {
    throw new UserError(`${home}/ has no environment: copy config.example/demo to ${home}/demo to begin`);
  }
  if (others.length > 0) {
    throw new UserError(`${home}/ has ${known.join(', ')}: say which one to run with --env or OUTCRY_ENV`);
  }
  return found(only);
}

function foldersIn(folder: string): string[] {
  if (!isFolder(folder)) return [];
  return readdirSync(folder)
    .filter((name) => environmentName.test(name) && isFolder(join(folder, name)))
    .sort();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
