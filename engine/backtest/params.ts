/** The parameters of a run: the strategy's own values, with those that the user gave instead. */
import { UserError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Params, ParamValue } from './result.ts';

/** A strategy's name and its `static params`. */
export interface Parametrised {
  readonly name: string;
  readonly params?: Params;
}

/** @throws UserError for a parameter that the strategy does not have, or a value of another type than its own */
export function mergeParams(strategy: Parametrised, given: Params): Params {
  const own = strategy.params ?? {};
  for (const [name, value] of Object.entries(given)) {
    const usual = own[checkedName(strategy, name)];
    if (usual !== null && typeof value !== typeof usual) throw wrongType(strategy, name, value);
  }
  return { ...own, ...given };
}

/**
 * Parameters as people type them: a text is read as the type of the strategy's own value, and the case of a name does
 * not count.
 * @throws UserError as `mergeParams`
 */
export function readParams(strategy: Parametrised, given: Params): Params {
  const own = strategy.params ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([typed, value]) => {
      const same = (name: string) => name.toLowerCase() === typed.toLowerCase();
      const name = Object.hasOwn(own, typed)
        ? typed
        : (Object.keys(own).find(same) ?? checkedName(strategy, typed));
      return [name, typeof value === 'string' ? readValue(strategy, name, value) : value];
    }),
  );
}

function readValue(strategy: Parametrised, name: string, text: string): ParamValue {
  const usual = strategy.params?.[name];
  if (typeof usual === 'number') {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw wrongType(strategy, name, text);
    return value;
  }
  if (typeof usual === 'boolean') {
    if (/^(true|yes|on|1)$/i.test(text)) return true;
    if (/^(false|no|off|0)$/i.test(text)) return false;
    throw wrongType(strategy, name, text);
  }
  return text;
}

function checkedName({ name: strategy, params = {} }: Parametrised, name: string): string {
  if (Object.hasOwn(params, name)) return name;
  const names = Object.keys(params);
  const near = nearest(name, names);
  const hint =
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `It has ${names.join(', ') || 'none'}.`;
  throw new UserError(`${strategy} has no parameter "${name}". ${hint}`);
}

function wrongType(
  { name: strategy, params = {} }: Parametrised,
  name: string,
  value: ParamValue,
): UserError {
  const usual = params[name];
  return new UserError(
    `Parameter ${name} of ${strategy} is a ${typeof usual} such as ${usual}, not ${JSON.stringify(value)}.`,
  );
}
