/**
 * Holds people to the books and accounts to which they are limited. What an option names is said by the option; where it
 * is not said, or left out, the whole desk is meant, and that is beyond anybody who is limited.
 */
import {
  type Action,
  type Caller,
  type Concern,
  mayAct,
  type Option,
  type Suggestion,
} from '../../commands/command.ts';
import type { ParsedValue } from '../../commands/options.ts';
import { isWithin, type Place, reachText } from '../../commands/reach.ts';
import { maySeeRun } from '../../commands/run-sight.ts';
import type { Desk } from '../../engine/desk.ts';
import { UserError } from '../../engine/errors.ts';

/** What options of these names mean everywhere. */
const usual: Readonly<Record<string, Concern>> = {
  book: 'book',
  account: 'account',
  broker: 'account',
  plan: 'plan',
};

/** @throws UserError when the command would show or do something beyond the caller's books and accounts */
export async function checkReach(
  caller: Caller,
  action: Action,
  options: Readonly<Record<string, ParsedValue>>,
  desk: Desk,
): Promise<void> {
  const { reach } = caller;
  if (!reach) return;
  const beyond = (what: string) =>
    new UserError(
      `You are limited to ${reachText(reach)}, and ${what}. An admin can change that: /user limit.`,
    );
  if (action.ofWholeDesk) throw beyond('this concerns the whole desk');
  const concerned = Object.entries(action.options).flatMap(([name, option]) => {
    const concern = concernOf(name, option);
    return concern ? [{ name, concern }] : [];
  });
  let named = 0;
  for (const { name, concern } of concerned) {
    const value = options[name];
    if (typeof value !== 'string') continue;
    named += 1;
    if (!(await isTheirs(concern, value, caller, desk))) throw beyond(`${name} ${value} is not among them`);
  }
  if (named > 0) return;
  if (concerned.length > 0) {
    throw beyond(`without ${concerned.map(({ name }) => name).join(' or ')} this concerns the whole desk`);
  }
  if (action.acts || mayAct(action.role, 'trader')) throw beyond('this concerns the whole desk');
}

/**
 * The options with the only book that is within the caller's reach, where a command that only shows something is about all
 * books when none is named: nothing else can be meant. What acts on the whole desk is never narrowed unasked.
 */
export function withOnlyBook(
  { reach }: Caller,
  action: Action,
  options: Record<string, ParsedValue>,
  desk: Desk,
): Record<string, ParsedValue> {
  if (!reach || action.acts || action.ofWholeDesk) return options;
  const concerned = Object.entries(action.options).filter(([name, option]) => concernOf(name, option));
  if (concerned.some(([name]) => options[name] !== undefined)) return options;
  const ofBook = concerned.find(([name, option]) => !option.required && concernOf(name, option) === 'book');
  const [only, another] = desk.books.names().filter((book) => isWithin(reach, bookPlace(book, desk)));
  if (!ofBook || only === undefined || another !== undefined) return options;
  return { ...options, [ofBook[0]]: only };
}

/** Those of the values that are within reach, to be offered while somebody types. */
export async function offerable(
  values: readonly Suggestion[],
  caller: Caller,
  name: string,
  option: Option,
  desk: Desk,
): Promise<readonly Suggestion[]> {
  const concern = concernOf(name, option);
  if (!caller.reach || !concern) return values;
  const theirs = await Promise.all(values.map(({ value }) => isTheirs(concern, value, caller, desk)));
  return values.filter((_, index) => theirs[index]);
}

async function isTheirs(concern: Concern, value: string, caller: Caller, desk: Desk): Promise<boolean> {
  if (!caller.reach) return true;
  if (concern === 'run') return maySeeRun(await desk.runs.record(value), caller, desk);
  return isWithin(caller.reach, await placeOf(concern, value, desk));
}

function concernOf(name: string, option: Option): Concern | undefined {
  if (option.type !== 'string' && option.type !== 'choice') return undefined;
  return option.concerns ?? usual[name];
}

async function placeOf(concern: Exclude<Concern, 'run'>, value: string, desk: Desk): Promise<Place> {
  switch (concern) {
    case 'book':
      return bookPlace(value, desk);
    case 'plan':
      return bookPlace(desk.plans.bookOf(value), desk);
    case 'signal':
      return bookPlace((await desk.signals.show(value)).book, desk);
    case 'order':
      return bookPlace((await desk.orders.open(value)).book, desk);
    case 'operation':
      return bookPlace(await desk.operations.bookOf(value), desk);
    case 'trade':
      return bookPlace(await desk.money.bookOfTrade(value), desk);
    case 'account':
      return { book: null, account: value };
    case 'difference':
      return { book: null, account: (await desk.brokers.difference(value)).broker };
  }
}

function bookPlace(book: string, desk: Desk): Place {
  return { book, account: desk.books.accountOf(book) };
}
