/**
 * The handler `order`: buy or sell one symbol.
 *
 * `{ "action": "buy", "symbol": "SP500", "quantity": 3 }`, or instead of the quantity `cost` (money of the book, fee
 * included) or `percent` (of the book's equity when buying, of the position when selling). A `sell` without a size sells
 * the whole position. It never sells more than the book holds. At the market, or with a `type` and its prices; a
 * purchase may leave a stop loss and a take profit at the broker.
 */
import { z } from 'zod';
import type { OrderTerms } from '../../brokers/broker.ts';
import type { Step } from '../../execution/operation.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../money.ts';
import type { BookView, Decision, SymbolView } from '../handler.ts';
import { defineHandler } from '../handler.ts';
import type { OpenPosition } from './closing.ts';
import { closingSteps } from './closing.ts';
import { notes, percent, positiveNumber, symbolText, word } from './fields.ts';
import { countable, countableFor, moneyHome, moneyIn } from './funding.ts';
import { amountText, assetOf, belowMinimum, noPrice, onStep, toTick } from './instruments.ts';
import { protection } from './protection.ts';
import { percentOf } from './risk.ts';

const one = decimal('1');

/** Moved beyond what a quantity costs now, because the price moves meanwhile; what is left returns home. */
const headroom = decimal('1.01');

/** A month: what waits longer is not an alert any more. */
const longestOpenSeconds = decimal('2592000');

const size = z.union(
  [
    z.strictObject({ quantity: positiveNumber }),
    z.strictObject({ cost: positiveNumber }),
    z.strictObject({ percent }),
  ],
  'must be exactly one of quantity, cost and percent (at most 100), such as { percent: 10 }',
);

const settings = z.strictObject({
  /** For signals that say none: then any signal buys, or sells. */
  action: z.enum(['buy', 'sell'], 'must be buy or sell').optional(),
  /** For signals that name none. */
  symbol: symbolText.optional(),
  /** The only ones that it trades; any, where not given. */
  symbols: z.array(symbolText).min(1).optional(),
  /** For purchases that name no size. */
  size: size.optional(),
});

type Settings = z.infer<typeof settings>;
type Size = z.infer<typeof size>;

interface Data {
  readonly action: 'buy' | 'sell';
  readonly symbol: string;
  /** Undefined: the whole position. */
  readonly size: Size | undefined;
  readonly terms: OrderTerms;
  readonly openForSeconds: number | undefined;
  /** For what was bought, or for what a sale leaves. */
  readonly stopLoss: string | undefined;
  readonly takeProfit: string | undefined;
}

/**
 * Strict: a mistyped `quantitty`, or a `stopp` that this handler does not know, is refused. To read it over would sell
 * the whole position for the one, and leave the other's risk open.
 */
function signal({
  action: defaultAction,
  symbol: defaultSymbol,
  size: defaultSize,
}: Settings): z.ZodType<Data> {
  return z
    .strictObject({
      ...notes,
      action: word(['buy', 'sell']).optional(),
      symbol: symbolText.optional(),
      ticker: symbolText.optional(),
      quantity: positiveNumber.optional(),
      cost: positiveNumber.optional(),
      percent: percent.optional(),
      type: word(['market', 'limit', 'stop', 'stop_limit']).optional(),
      price: positiveNumber.optional(),
      stop: positiveNumber.optional(),
      open_for: positiveNumber
        .refine((text) => decimal(text).lte(longestOpenSeconds), 'must be at most 2592000 seconds')
        .optional(),
      stop_loss: positiveNumber.optional(),
      take_profit: positiveNumber.optional(),
    })
    .transform((data, context): Data => {
      const refuse = (message: string) => {
        context.issues.push({ code: 'custom', message, input: undefined });
        return z.NEVER;
      };
      const { quantity, cost, percent, type = 'market', price, stop, open_for: openFor } = data;
      const { stop_loss: stopLoss, take_profit: takeProfit } = data;
      const action = data.action ?? defaultAction;
      if (action === undefined) return refuse('action: is missing, must be buy or sell');
      const symbol = data.symbol ?? data.ticker ?? defaultSymbol;
      if (symbol === undefined) return refuse('symbol: is missing, and the book has no default');
      const sizes: Size[] = [];
      if (quantity !== undefined) sizes.push({ quantity });
      if (cost !== undefined) sizes.push({ cost });
      if (percent !== undefined) sizes.push({ percent });
      if (sizes.length > 1) return refuse('only one of quantity, cost and percent can be given');
      const size = sizes[0] ?? (action === 'buy' ? defaultSize : undefined);
      if (action === 'buy' && size === undefined) {
        return refuse('quantity, cost or percent is missing, and the book has no default');
      }
      const terms = termsOf(type, price, stop);
      if (typeof terms === 'string') return refuse(terms);
      if (openFor !== undefined && type === 'market') return refuse('open_for is not for market orders');
      if (action === 'sell' && size === undefined && (stopLoss !== undefined || takeProfit !== undefined)) {
        return refuse('stop_loss and take_profit of a sale are for what it leaves: give it a size');
      }
      const openForSeconds = openFor === undefined ? undefined : Number(openFor);
      return { action, symbol, size, terms, openForSeconds, stopLoss, takeProfit };
    });
}

/** What kind of order it is, or what is wrong with its prices. */
function termsOf(
  type: 'market' | 'limit' | 'stop' | 'stop_limit',
  price: string | undefined,
  stop: string | undefined,
): OrderTerms | string {
  const needsPrice = type === 'limit' || type === 'stop_limit';
  const needsStop = type === 'stop' || type === 'stop_limit';
  if (price !== undefined && !needsPrice) return 'price is for the types limit and stop_limit';
  if (stop !== undefined && !needsStop)
    return 'stop is for the types stop and stop_limit; a stop loss is stop_loss';
  if (price === undefined && needsPrice) return `price: is missing, a ${type} order needs it`;
  if (stop === undefined && needsStop) return `stop: is missing, a ${type} order needs it`;
  if (price !== undefined) {
    return stop === undefined
      ? { type: 'limit', limitPrice: price }
      : { type: 'stop_limit', limitPrice: price, stopPrice: stop };
  }
  return stop === undefined ? { type: 'market' } : { type: 'stop', stopPrice: stop };
}

export const order = defineHandler<Settings, Data>({
  name: 'order',
  settings,
  signal,
  summary: ({ action, symbol, size, terms }) =>
    `${action} ${sizeWords(action, size)}${symbol}${termsWords(terms)}`,
  symbols: ({ symbol }) => [symbol],
  decide({ data, settings: { symbols } }, book, market): Decision {
    const { action, symbol } = data;
    if (symbols && !symbols.includes(symbol)) {
      return { refused: `The book "${book.name}" does not trade ${symbol}, only ${symbols.join(', ')}.` };
    }
    const view = market.get(symbol) ?? {};
    return action === 'buy' ? buy(data, book, view) : sell(data, book, view);
  },
});

function buy(data: Data, book: BookView, view: SymbolView): Decision {
  const { symbol, size } = data;
  const asset = assetOf(symbol, view, book);
  const short = (book.positions.get(asset) ?? zero).neg();
  if (short.gt(zero) && size !== undefined && 'quantity' in size && decimal(size.quantity).lte(short)) {
    return buyBack(decimal(size.quantity), short, data, book, view);
  }
  const { instrument } = view;
  const price = priceToPay(data.terms, view);
  if (!instrument || !price || size === undefined) return noPrice(symbol, view);
  const wrong = exitPriceProblem(data, price);
  if (wrong !== undefined) return { refused: wrong };
  const costOfOne = price.times(one.plus(decimal(instrument.feeRate)));
  const budget =
    'cost' in size
      ? decimal(size.cost)
      : 'percent' in size
        ? percentOf(decimal(size.percent), book.equity)
        : undefined;
  const step = decimal(instrument.rules.quantityStep);
  const quantity =
    'quantity' in size
      ? onStep(decimal(size.quantity), instrument)
      : truncateToStep((budget ?? zero).div(costOfOne), step);
  if (budget && quantity.lte(zero)) {
    return {
      refused:
        `${amountText(budget, book.currency)} buys less than ${instrument.rules.quantityStep} ${symbol}, ` +
        `of which one costs ${amountText(costOfOne, book.currency)}.`,
    };
  }
  const notional = quantity.times(price);
  if (short.gt(zero) && quantity.lte(short)) return buyBack(quantity, short, data, book, view);
  if ((book.debts.get(asset) ?? zero).gt(zero)) {
    return {
      refused: `It would buy ${decimalText(quantity)} ${symbol}, but the book "${book.name}" owes ${decimalText(short)}: buy that back first.`,
    };
  }
  const cost = quantity.times(costOfOne);
  const tooMuch = budget?.gt(cost) ? budget : cost;
  if (tooMuch.gt(book.available)) {
    return {
      refused:
        `${decimalText(quantity)} ${symbol} would cost ${amountText(cost, book.currency)} with its fee, ` +
        `but the book "${book.name}" has ${amountText(book.available, book.currency)}.`,
    };
  }
  const tooSmall = belowMinimum(quantity, price, instrument);
  if (tooSmall !== undefined) return { refused: tooSmall };
  if (notional.lt(book.minimumEntry)) {
    return {
      refused:
        `${decimalText(quantity)} ${symbol} is worth ${amountText(notional, book.currency)}, ` +
        `below the smallest entry of ${amountText(book.minimumEntry, book.currency)} of the book "${book.name}".`,
    };
  }
  return { purpose: 'entry', notional, steps: purchase(data, book, view, { quantity, cost, budget }) };
}

/** Money in, the order, what rests, and what was not needed back home. */
function purchase(
  { symbol: named, terms, openForSeconds, stopLoss, takeProfit }: Data,
  book: BookView,
  { instrument }: SymbolView,
  size: { readonly quantity: Decimal; readonly cost: Decimal; readonly budget: Decimal | undefined },
): readonly Step[] {
  const { wallet, home, available } = book;
  const symbol = instrument?.symbol ?? named;
  const isMarket = terms.type === 'market';
  const moves = home !== wallet;
  const ample = moves && isMarket ? size.cost.times(headroom) : size.cost;
  const wanted = size.budget && isMarket ? countable(size.budget) : countableFor(ample);
  const moved = wanted.gt(available) ? countable(available) : wanted;
  const bound = isMarket && (size.budget || moves) ? decimalText(moved) : undefined;
  const moneySteps = moneyIn(book, moved);
  const guard = protection(
    { side: 'long', symbol, quantity: { is: 'bought', leg: 'order' }, wallet, instrument },
    { stop: stopLoss, takeProfit },
  );
  return [
    ...moneySteps,
    {
      kind: 'order',
      leg: 'order',
      symbol,
      side: 'buy',
      quantity: { is: 'fixed', amount: decimalText(size.quantity) },
      ...(bound !== undefined && { budget: bound }),
      ...termsIn(terms, 'buy', instrument),
      ...(openForSeconds !== undefined && { openForSeconds }),
      wallet,
    },
    ...(guard ? [guard] : []),
    ...(moneySteps.length > 0 ? moneyHome(book, { remainingDebts: owesAnything(book) }) : []),
  ];
}

/** By quantity or percent it needs no price: an exit works also when the source is away. */
function sell(data: Data, book: BookView, view: SymbolView): Decision {
  const { symbol, size } = data;
  const held = book.positions.get(assetOf(symbol, view, book)) ?? zero;
  if (held.lte(zero)) return { refused: `The book "${book.name}" holds no ${symbol} to sell.` };
  const position: OpenPosition = { side: 'long', quantity: held, owed: zero };
  if (size === undefined) return close(position, data, book, view);
  const { instrument, quote } = view;
  const cut = (quantity: Decimal) => (instrument ? onStep(quantity, instrument) : quantity);
  let quantity: Decimal;
  if ('quantity' in size) {
    quantity = decimal(size.quantity);
  } else if ('percent' in size) {
    if (size.percent === '100') return close(position, data, book, view);
    quantity = cut(percentOf(decimal(size.percent), held));
  } else {
    const price =
      'limitPrice' in data.terms ? decimal(data.terms.limitPrice) : quote ? decimal(quote.bid) : undefined;
    if (!instrument || !price) return noPrice(symbol, view);
    if (price.lte(zero)) {
      return { refused: `${symbol} has no bid, so ${size.cost} ${book.currency} cannot be counted out.` };
    }
    quantity = cut(decimal(size.cost).div(price));
    if (quantity.lte(zero)) {
      return {
        refused: `${size.cost} ${book.currency} is less than ${instrument.rules.quantityStep} ${symbol} at ${decimalText(price)}.`,
      };
    }
  }
  if (quantity.gt(held)) {
    return {
      refused: `It would sell ${decimalText(quantity)} ${symbol}, but the book "${book.name}" holds ${decimalText(held)}.`,
    };
  }
  const tooSmall = instrument && belowMinimum(cut(quantity), quote && decimal(quote.last), instrument);
  if (tooSmall !== undefined) return { refused: tooSmall };
  return close(position, data, book, view, cut(quantity));
}

function buyBack(quantity: Decimal, short: Decimal, data: Data, book: BookView, view: SymbolView): Decision {
  const owed = book.debts.get(assetOf(data.symbol, view, book)) ?? zero;
  const position: OpenPosition = { side: 'short', quantity: short, owed };
  return close(position, data, book, view, quantity.eq(short) ? undefined : quantity);
}

/** Ends a position, or a part of it. What rests at the broker for it would hold it back, so that is cancelled first. */
function close(
  position: OpenPosition,
  data: Data,
  book: BookView,
  view: SymbolView,
  part?: Decimal,
): Decision {
  const { instrument, quote } = view;
  const { terms, openForSeconds, stopLoss, takeProfit } = data;
  const asset = assetOf(data.symbol, view, book);
  const symbol = instrument?.symbol ?? data.symbol;
  const isShort = position.side === 'short';
  const guard =
    part && !isShort
      ? protection(
          { side: 'long', symbol, quantity: { is: 'held', asset }, wallet: book.wallet, instrument },
          { stop: stopLoss, takeProfit },
        )
      : undefined;
  const remainingDebts = owesAnything(book, asset) || (isShort && part !== undefined);
  return {
    purpose: 'exit',
    notional: (part ?? position.quantity).times(decimal(quote?.last ?? '0')),
    steps: [
      { kind: 'cancel', leg: 'cancel', symbol },
      ...closingSteps({
        ...{ position, symbol, asset, view, book, leg: 'order' },
        ...(part && { part }),
        ...termsIn(terms, isShort ? 'buy' : 'sell', instrument),
        ...(openForSeconds !== undefined && { openForSeconds }),
      }),
      ...(guard ? [guard] : []),
      ...moneyHome(book, { remainingDebts }),
    ],
  };
}

/** What one costs at most, without its fee; `undefined` when that needs a quote and there is none. */
function priceToPay(terms: OrderTerms, { quote }: SymbolView): Decimal | undefined {
  if ('limitPrice' in terms) return decimal(terms.limitPrice);
  if (!quote) return undefined;
  const ask = decimal(quote.ask);
  if (terms.type !== 'stop') return ask.gt(zero) ? ask : undefined;
  const stop = decimal(terms.stopPrice);
  return stop.gt(ask) ? stop : ask;
}

function exitPriceProblem({ symbol, stopLoss, takeProfit }: Data, price: Decimal): string | undefined {
  if (stopLoss !== undefined && decimal(stopLoss).gte(price)) {
    return `The stop loss ${stopLoss} is not below the price of ${symbol}, ${decimalText(price)}.`;
  }
  if (takeProfit !== undefined && decimal(takeProfit).lte(price)) {
    return `The take profit ${takeProfit} is not above the price of ${symbol}, ${decimalText(price)}.`;
  }
  return undefined;
}

/** The terms with prices that the broker takes, never worse than asked for; none for a market order. */
function termsIn(
  terms: OrderTerms,
  side: 'buy' | 'sell',
  instrument: SymbolView['instrument'],
): { readonly terms?: OrderTerms } {
  if (terms.type === 'market') return {};
  const limit = (price: string) =>
    decimalText(toTick(decimal(price), side === 'buy' ? 'down' : 'up', instrument));
  const stop = (price: string) =>
    decimalText(toTick(decimal(price), side === 'buy' ? 'up' : 'down', instrument));
  return {
    terms: {
      ...terms,
      ...('limitPrice' in terms && { limitPrice: limit(terms.limitPrice) }),
      ...('stopPrice' in terms && { stopPrice: stop(terms.stopPrice) }),
    },
  };
}

function owesAnything(book: BookView, except?: string): boolean {
  return [...book.debts].some(([asset, owed]) => asset !== except && owed.gt(zero));
}

function sizeWords(action: 'buy' | 'sell', size: Size | undefined): string {
  if (size === undefined) return 'all ';
  if ('quantity' in size) return `${size.quantity} `;
  if ('cost' in size) return `for ${size.cost} `;
  return `${size.percent} % ${action === 'buy' ? 'of equity in ' : 'of '}`;
}

function termsWords(terms: OrderTerms): string {
  const stop = 'stopPrice' in terms ? ` at stop ${terms.stopPrice}` : '';
  return `${stop}${'limitPrice' in terms ? ` at limit ${terms.limitPrice}` : ''}`;
}
