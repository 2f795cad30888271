/**
 * What is checked before an order of a plan goes out: a table of named checks, each with its answer in words, so that chat
 * shows all of them and not only the first that failed. Pure: what they look at is gathered before.
 *
 * A check that says `no` ends the order; one that says `wait` keeps it until it is looked at again.
 */
import type { Purpose } from '../bank/books.ts';
import type { BrokerStatus, Capabilities, Instrument, Side } from '../brokers/broker.ts';
import type { Decimal } from '../money.ts';
import { decimal, decimalText, groupThousands, truncateToStep, zero } from '../money.ts';
import type { Freshness } from './freshness.ts';

export const checkNames = [
  'book',
  'in sync',
  'instrument',
  'side and size',
  'notional limit',
  'share limit',
  'staleness',
  'session',
  'broker',
  'duplicate',
  'buying power',
] as const;
export type CheckName = (typeof checkNames)[number];

export interface CheckResult {
  readonly name: CheckName;
  readonly result: 'ok' | 'note' | 'wait' | 'no';
  readonly text: string;
}

/** What the broker makes of a symbol that it does not know. */
export interface Unresolved {
  readonly why: string;
  /** Not for good: it means several, and a person is asked which; or the broker could not be asked. */
  readonly isUnclear?: true;
}

/** Everything that the checks look at. Money in the book's currency. */
export interface OrderScene {
  readonly order: {
    readonly symbol: string;
    readonly side: Side;
    readonly purpose: Purpose;
    readonly closesAll: boolean;
    readonly quantity: Decimal;
    readonly isMarket: boolean;
  };
  readonly book: { readonly name: string; readonly currency: string };
  /** Why the book may not trade. */
  readonly refusal: string | undefined;
  /** Negative when short. */
  readonly held: Decimal;
  /** What book and simulation held before the orders of the run; undefined where nothing is said of it. */
  readonly before: { readonly held: Decimal | undefined; readonly simulated: Decimal } | undefined;
  readonly instrument: Instrument | Unresolved;
  readonly capabilities: Capabilities;
  /** At which it is expected to trade: null where that is not known. */
  readonly price: Decimal | null;
  /** What the book can spend, after the orders before this one. */
  readonly cash: Decimal;
  /** What sales at the market that have not traded yet are expected to bring. Not to be spent before it is there. */
  readonly expected: Decimal;
  readonly limits: { readonly notional?: string | undefined; readonly shares?: string | undefined };
  readonly freshness: Freshness;
  /** When the market opens, for an order that needs it open and comes while it is not. */
  readonly opens: Date | undefined;
  readonly broker: { readonly name: string; readonly status: BrokerStatus; readonly isCompared: boolean };
  /** An open order that does the same already. */
  readonly twin: string | undefined;
}

type Verdict = Omit<CheckResult, 'name'>;

/** In the order of the table. */
export function checkPlanOrder(scene: OrderScene): readonly CheckResult[] {
  return checkNames.map((name) => ({ name, ...checks[name](scene) }));
}

/** What follows from all of them: `no` goes before `wait`. The reasons are those of the checks that say so. */
export function verdictOf(results: readonly CheckResult[]): {
  readonly is: 'send' | 'wait' | 'refuse';
  readonly reason: string | null;
} {
  for (const result of ['no', 'wait'] as const) {
    const found = results.filter((each) => each.result === result);
    if (found.length > 0) {
      return { is: result === 'no' ? 'refuse' : 'wait', reason: found.map(({ text }) => text).join(' ') };
    }
  }
  return { is: 'send', reason: null };
}

/** Whether an order closes all that the book has of its symbol: because it is as much, or because the simulation does. */
export function isWholeExit(
  {
    side,
    purpose,
    closesAll,
    quantity,
  }: Pick<OrderScene['order'], 'side' | 'purpose' | 'closesAll' | 'quantity'>,
  held: Decimal,
): boolean {
  const against = side === 'sell' ? held : held.neg();
  return purpose === 'exit' && (closesAll || quantity.gte(against));
}

const checks: Readonly<Record<CheckName, (scene: OrderScene) => Verdict>> = {
  book: ({ refusal }) => (refusal === undefined ? ok('It may trade.') : no(refusal)),

  'in sync': ({ before, order: { symbol } }) => {
    if (before === undefined) return ok('It begins from what the book holds.');
    const { held, simulated } = before;
    if (held === undefined) return note(`It is not known under which name the book may hold ${symbol}.`);
    if (simulated.eq(held)) return ok(`Both hold ${decimalText(held)} ${symbol}.`);
    return note(`The book holds ${decimalText(held)} ${symbol}, the simulation ${decimalText(simulated)}.`);
  },

  instrument: ({ instrument, book: { name, currency } }) => {
    if ('why' in instrument) return instrument.isUnclear ? wait(instrument.why) : no(instrument.why);
    if (instrument.currency !== currency) {
      return no(
        `${instrument.symbol} trades in ${instrument.currency}, but the book "${name}" is in ${currency}.`,
      );
    }
    return ok(`It is ${instrument.symbol}, in ${currency}.`);
  },

  'side and size': ({ order, instrument, held, capabilities, broker }) => {
    const { side, purpose, quantity, symbol } = order;
    if ('why' in instrument && instrument.isUnclear) return ok('Counted when it is known what it is.');
    const against = side === 'sell' ? held : held.neg();
    if (purpose === 'exit' && against.lte(zero)) {
      return no(`It would ${side} ${symbol} to close a position, but the book has none on the other side.`);
    }
    const closes = isWholeExit(order, held) ? against : quantity;
    if (side === 'sell' && closes.gt(against) && !capabilities.short) {
      return no(
        `It would sell ${decimalText(closes)} ${symbol}, the book holds ${decimalText(held)}, and ${broker.name} does not sell short.`,
      );
    }
    if (!('why' in instrument)) {
      const { quantityStep, minimumQuantity } = instrument.rules;
      const onStep = truncateToStep(closes, decimal(quantityStep));
      if (onStep.lte(zero) || onStep.lt(decimal(minimumQuantity))) {
        return no(`${decimalText(closes)} ${symbol} is less than ${broker.name} trades: ${minimumQuantity}.`);
      }
    }
    if (!closes.eq(quantity)) {
      const held = closes.lt(quantity) ? 'more' : 'less';
      return note(`The simulation holds ${held}: all that the book has, ${decimalText(closes)}, is closed.`);
    }
    return ok(`${side} ${decimalText(quantity)}, as an ${purpose}.`);
  },

  'notional limit': ({ limits: { notional }, order, price, book: { currency } }) => {
    if (notional === undefined || order.purpose === 'exit') return ok('None applies.');
    if (price === null) return no(`There is no price to count the limit of ${notional} ${currency} by.`);
    const value = price.times(order.quantity);
    if (value.lte(decimal(notional))) return ok(`${money(value, currency)} of ${notional}.`);
    return no(`It is worth ${money(value, currency)}, more than the plan's limit of ${notional}.`);
  },

  'share limit': ({ limits: { shares }, order: { quantity, purpose, symbol } }) => {
    if (shares === undefined || purpose === 'exit') return ok('None applies.');
    if (quantity.lte(decimal(shares))) return ok(`${decimalText(quantity)} of ${shares}.`);
    return no(`It is ${decimalText(quantity)} ${symbol}, more than the plan's limit of ${shares}.`);
  },

  staleness: ({ freshness }) => (freshness.is === 'fresh' ? ok('Fresh.') : no(freshness.why)),

  session: ({ opens }) =>
    opens === undefined
      ? ok('It may go now.')
      : wait(`The market opens at ${opens.toISOString().slice(0, 16).replace('T', ' ')} UTC.`),

  broker: ({ broker: { name, status, isCompared } }) => {
    if (status.state !== 'ready')
      return wait(`${name} is ${status.state}: ${status.why ?? 'no reason is known'}.`);
    return isCompared ? ok(`${name} is ready.`) : wait(`${name} is not compared with the books yet.`);
  },

  duplicate: ({ twin }) => (twin === undefined ? ok('There is no other.') : no(twin)),

  'buying power': ({ order, price, cash, expected, instrument, book: { currency } }) => {
    const { side, purpose, quantity, symbol } = order;
    if (side === 'sell' || purpose === 'exit') return ok('It needs none.');
    if (price === null || 'why' in instrument) return note('It is not known what it costs.');
    const costOfOne = price.times(decimal('1').plus(decimal(instrument.feeRate)));
    const cost = costOfOne.times(quantity);
    if (cost.lte(cash)) return ok(`It costs ${money(cost, currency)} of ${money(cash, currency)}.`);
    // The whole of a limit order or nothing; a market order is cut down to what is there in the end.
    if (expected.gt(zero) && (order.isMarket || cost.lte(cash.plus(expected)))) {
      return wait(
        `It costs ${money(cost, currency)}, and the book has ${money(cash, currency)} until its exits have traded, then about ${money(cash.plus(expected), currency)}.`,
      );
    }
    const affordable =
      cash.lte(zero) || costOfOne.lte(zero)
        ? zero
        : truncateToStep(cash.div(costOfOne), decimal(instrument.rules.quantityStep));
    if (affordable.lte(zero) || affordable.lt(decimal(instrument.rules.minimumQuantity))) {
      return no(`It costs ${money(cost, currency)}, and the book has ${money(cash, currency)}.`);
    }
    return order.isMarket
      ? note(
          `It is cut down to about ${decimalText(affordable)} ${symbol}: the book has ${money(cash, currency)}, it costs ${money(cost, currency)}.`,
        )
      : no(`It costs ${money(cost, currency)}, and the book has ${money(cash, currency)}.`);
  },
};

function ok(text: string): Verdict {
  return { result: 'ok', text };
}

function note(text: string): Verdict {
  return { result: 'note', text };
}

function wait(text: string): Verdict {
  return { result: 'wait', text };
}

function no(text: string): Verdict {
  return { result: 'no', text };
}

function money(amount: Decimal, currency: string): string {
  return `${groupThousands(amount.toFixed(2))} ${currency}`;
}
