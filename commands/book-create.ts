/** Making a book in chat: asked step by step, or typed in one line. It lives in the store, over the files. */
import { randomBytes } from 'node:crypto';
import { handlerNames } from '../engine/desk.ts';
import { UserError } from '../engine/errors.ts';
import { decimal, decimalText, zero } from '../engine/money.ts';
import { type BookKey, bookKeyNames, bookKeys, sendersText, yamlOf } from './book-keys.ts';
import { action, type CommandContext } from './command.ts';
import { amountText, exactText } from './figures.ts';
import { bold, type Field, rich } from './reply.ts';
import type { NewDocument } from './running.ts';

/** A book that is traded by a plan, or by hand. */
const noHandler = 'none';

const money = (description: string, example: string) => ({ type: 'string', description, example }) as const;

interface Given {
  readonly name: string;
  readonly broker: string;
  readonly currency: string;
  readonly capital: string;
  readonly handler?: string;
  readonly active?: boolean;
  readonly home?: string;
  readonly wallet?: string;
}

export const createBook = action({
  description: 'Make a book: step by step, or with its options',
  role: 'admin',
  acts: true,
  visibility: 'only-you',
  example: '/book create grid paper USD 5000 handler=order limit_order=500',
  options: {
    name: { type: 'string', description: 'Its name, which it keeps', required: true, example: 'grid' },
    broker: {
      type: 'string',
      description: 'The account at which it trades',
      required: true,
      example: 'paper',
      concerns: 'account',
      suggest: ({ desk }: CommandContext) => desk.brokers.names(),
    },
    currency: {
      type: 'string',
      description: 'In which its money is counted',
      required: true,
      example: 'USD',
    },
    capital: { ...money('What it gets to trade with', '5000'), required: true },
    handler: {
      type: 'choice',
      description: 'What turns its alerts into orders; none: it takes no alerts',
      choices: [...handlerNames, noHandler],
    },
    handler_settings: { type: 'string', description: 'Of the handler', example: '{symbol: SP500}' },
    description: { type: 'string', description: 'For people', example: '"Grid on the index"' },
    limit_order: money('The largest order', '500'),
    limit_day: money("The most of a day's entries", '2000'),
    limit_loss: money('The most that a day may lose', '100'),
    limit_positions: { type: 'integer', description: 'The most positions at once', min: 1 },
    maximum_loss_percent: money('The most that a trade may lose, in percent', '2'),
    minimum_entry: money('With less it does not enter', '20'),
    pool: money('What the bank may lend it for a trade', '1000'),
    approve_above: money('Entries worth more wait for approval; 0: all', '500'),
    approve_persons: { type: 'integer', description: 'How many must approve', min: 1, max: 2 },
    home: { type: 'string', description: 'Wallet in which its money rests', example: 'funding' },
    wallet: { type: 'string', description: 'Wallet in which it trades', example: 'cross' },
    active: { type: 'boolean', description: 'Whether it takes entries at once; yes where not given' },
  },
  wizard: [
    {
      option: 'name',
      question: 'What is the book called? It keeps its name.',
      check: async ({ desk }, name) => {
        if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name))
          throw new UserError(`"${name}" is no name: 1 to 32 of a-z, 0-9, - and _, beginning with a letter.`);
        await desk.books.checkNew(name);
      },
    },
    {
      option: 'broker',
      question: 'At which account does it trade?',
      onlySuggested: true,
      default: ({ desk }) => {
        const [only, ...others] = desk.brokers.names();
        return others.length === 0 ? only : undefined;
      },
    },
    {
      option: 'currency',
      question: 'In which currency is its money counted?',
      default: async ({ desk }, { broker }) =>
        (await desk.books.list()).find((book) => book.broker === broker)?.currency,
      check: (_context, currency) => {
        if (!/^[A-Z0-9]{2,10}$/.test(currency))
          throw new UserError(`"${currency}" is no currency such as USD or USDT.`);
      },
    },
    {
      option: 'capital',
      question: 'How much does it get to trade with?',
      check: (_context, capital) => void amountOf('capital', capital),
    },
    { option: 'description', question: 'What is it for, in a line for people?' },
    {
      option: 'handler',
      question: 'What turns its alerts into orders? none: a plan or people trade for it.',
      default: 'order',
    },
    {
      option: 'limit_order',
      question: 'How much may one order be worth at most?',
      check: (_context, amount) => void amountOf('limit_order', amount),
    },
    {
      option: 'limit_day',
      question: 'How much may the entries of a day be worth together?',
      check: (_context, amount) => void amountOf('limit_day', amount),
    },
    {
      option: 'limit_loss',
      question: 'How much may a day lose before entries stop?',
      check: (_context, amount) => void amountOf('limit_loss', amount),
    },
    {
      option: 'approve_above',
      question: 'Above which worth must people approve an entry? 0: every entry.',
      check: (_context, amount) => void amountOf('approve_above', amount, { orZero: true }),
    },
    {
      option: 'handler_settings',
      question: 'Which settings has the handler? As {symbol: SP500}; see its documentation.',
      onlyIf: { option: 'handler', is: handlerNames },
    },
    {
      option: 'approve_persons',
      question: 'How many people must approve, 1 or 2?',
      onlyIf: { option: 'approve_above', is: 'answered' },
      default: '1',
    },
  ],
  confirm: async (context, given) => {
    const { desk, host } = context;
    await desk.books.checkNew(given.name);
    host.settings.checkNew(documentOf(given));
    const { name, broker, currency, capital } = given;
    const money = exactText(amountOf('capital', capital), currency);
    return {
      title: `Make the book ${name} at ${desk.accountText(broker)}?`,
      text: [
        ...rich`It gets ${bold(money)}. `,
        await whereFrom(context, given),
        ...(takesAlerts(given)
          ? ['\nA key for the senders of its alerts is made, and shown to you once.']
          : []),
      ],
      fields: settingsOf(given).map(([option, value]): Field => ({ name: option, value })),
    };
  },
  run: async ({ desk, host, caller }, given) => {
    await desk.books.checkNew(given.name);
    const key = takesAlerts(given) ? randomBytes(24).toString('hex') : undefined;
    const made: NewDocument = { ...documentOf(given), ...(key !== undefined && { key }) };
    await host.settings.create(made, caller.name);
    const { name, broker, handler } = given;
    return {
      tone: 'success',
      title: `The book ${name} is there, ${desk.accountText(broker)}`,
      text: [
        'It holds from now on, also over restarts. /book set changes it.',
        ...(key === undefined ? [] : sendersText(host, name, handler, key)),
      ],
      buttons: [{ label: `Show ${name}`, command: ['book', 'show'], options: { book: name } }],
    };
  },
});

function takesAlerts({ handler }: Given): boolean {
  return handler !== undefined && handler !== noHandler;
}

async function whereFrom({ desk }: CommandContext, { broker, currency, capital }: Given): Promise<string> {
  const beyond = await desk.books.beyond(broker, currency);
  if (beyond === null)
    return `What ${broker} has beyond the books is not known yet: send it there if it is not.`;
  const has = `at ${broker} that belong to no book`;
  return decimal(beyond).gte(decimal(capital))
    ? `It comes from the ${amountText(beyond, currency)} ${has}.`
    : `Send it there: there are only ${exactText(beyond, currency)} ${has}, and until it has arrived the books say more than ${broker} has.`;
}

function documentOf(given: Given): NewDocument {
  const { name, broker, currency, capital, active, home, wallet } = given;
  const text = (value: string) => JSON.stringify(value);
  const others = settingsOf(given).map(
    ([option, value]) => [bookKeys[option], yamlOf(option, value)] as const,
  );
  return {
    document: `books/${name}`,
    settings: {
      ...{ name: text(name), broker: text(broker), currency: text(currency) },
      capital: text(amountOf('capital', capital)),
      ...(home !== undefined && { home: text(home) }),
      ...(wallet !== undefined && { wallet: text(wallet) }),
      ...(active !== undefined && { active: String(active) }),
      ...Object.fromEntries(others),
    },
  };
}

/** What was said beyond name, place and capital. */
function settingsOf(given: Given): readonly [BookKey, string][] {
  const values = new Map<string, unknown>(Object.entries(given));
  return bookKeyNames.flatMap((option): [BookKey, string][] => {
    const value = values.get(option);
    if (value === undefined || (option === 'handler' && !takesAlerts(given))) return [];
    return [[option, String(value)]];
  });
}

/** @throws UserError when it is no amount */
function amountOf(option: string, text: string, { orZero = false } = {}): string {
  try {
    const amount = decimal(text);
    if (amount.gt(zero) || (orZero && amount.eq(zero))) return decimalText(amount);
  } catch {
    // answered below, as an amount that is not positive is
  }
  throw new UserError(`${option} must be an amount such as 250 or 99.50, not "${text}".`);
}
