/**
 * The handler `order`: buy or sell one symbol at the market.
 *
 * `{ "action": "buy", "symbol": "SP500", "quantity": 3 }`, or instead of the quantity `cost` (money of the book, fee
 * included) or `percent` (of the book's equity when buying, of the position when selling). A `sell` without a size sells
 * the whole position. It never sells more than the book holds.
 */
import { z } from 'zod';
import { costOfBuying, quantityFor } from '../../execution/checks.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalOfNumber, decimalText, groupThousands, truncateToStep, zero } from '../../money.ts';
import type { BookView, Decision, SymbolView } from '../handler.ts';
import { defineHandler } from '../handler.ts';

/** A positive number as a sender writes it: `3`, `"3"`, `"0.5"`. */
const positiveNumber = z.union([z.number(), z.string()]).transform((value, context) => {
  const text = typeof value === 'number' ? numberText(value) : value.trim();
  // Plain digits only: "1e999999" and "1,000" are somebody's mistake.
  if (/^\d{1,15}(\.\d{1,18})?$/.test(text) && decimal(text).gt(zero)) return decimalText(decimal(text));
  context.issues.push({
    code: 'custom',
    message: 'must be a positive number such as 3 or "0.5"',
    input: value,
  });
  return z.NEVER;
});

const percent = positiveNumber.refine((text) => decimal(text).lte(decimal('100')), 'must be at most 100');

/** `BINANCE:BTCUSDT`, as TradingView names a chart, is `BTCUSDT` here. */
const symbolText = z
  .string()
  .trim()
  .max(64)
  .transform((text) => text.slice(text.lastIndexOf(':') + 1))
  .refine((text) => text !== '', 'must name a symbol');

const size = z.union(
  [
    z.strictObject({ quantity: positiveNumber }),
    z.strictObject({ cost: positiveNumber }),
    z.strictObject({ percent }),
  ],
  'must be exactly one of quantity, cost and percent (at most 100), such as { percent: 10 }',
);

const settings = z.strictObject({
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
}

/** What senders add for people, for the record, or for the desk's door: read over, and without any effect here. */
const notes = Object.fromEntries(
  [
    ...['id', 'nonce', 'time', 'timenow', 'tag', 'comment', 'key', 'book', 'exchange', 'interval'],
    ...['open', 'high', 'low', 'close', 'volume', 'currency'],
  ].map((name) => [name, z.unknown().optional()]),
);

/**
 * Strict: a mistyped `quantitty`, or a `stop` that this handler does not know, is refused. To read it over would sell the
 * whole position for the one, and leave the other's risk open.
 */
function signal({ symbol: defaultSymbol, size: defaultSize }: Settings): z.ZodType<Data> {
  return z
    .strictObject({
      ...notes,
      action: z
        .string()
        .transform((text) => text.trim().toLowerCase())
        .pipe(z.enum(['buy', 'sell'], 'must be buy or sell')),
      symbol: symbolText.optional(),
      ticker: symbolText.optional(),
      quantity: positiveNumber.optional(),
      cost: positiveNumber.optional(),
      percent: percent.optional(),
    })
    .transform(({ action, symbol: named, ticker, quantity, cost, percent }, context): Data => {
      const refuse = (message: string) => {
        context.issues.push({ code: 'custom', message, input: undefined });
        return z.NEVER;
      };
      const symbol = named ?? ticker ?? defaultSymbol;
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
      return { action, symbol, size };
    });
}

export const order = defineHandler({
  name: 'order',
  settings,
  signal,
  summary: ({ action, symbol, size }) => `${action} ${sizeWords(action, size)}${symbol}`,
  symbols: ({ symbol }) => [symbol],
  decide({ data: { action, symbol, size }, settings: { symbols } }, book, market): Decision {
    if (symbols && !symbols.includes(symbol)) {
      return { refused: `The book "${book.name}" does not trade ${symbol}, only ${symbols.join(', ')}.` };
    }
    const view = market.get(symbol) ?? {};
    const chosen =
      action === 'buy' ? quantityToBuy(symbol, size, book, view) : quantityToSell(symbol, size, book, view);
    if ('refused' in chosen) return chosen;
    const { quantity, budget, purpose } = chosen;
    const price = decimal(view.quote?.last ?? '0');
    return {
      purpose,
      notional: quantity.times(price),
      steps: [
        {
          kind: 'order',
          leg: 'order',
          symbol,
          side: action,
          quantity: { is: 'fixed', amount: decimalText(quantity) },
          ...(budget && { budget: decimalText(budget) }),
        },
      ],
    };
  },
});

type Chosen =
  | { readonly quantity: Decimal; readonly budget?: Decimal; readonly purpose: 'entry' | 'exit' }
  | { readonly refused: string };

function quantityToBuy(symbol: string, size: Size | undefined, book: BookView, view: SymbolView): Chosen {
  const held = book.positions.get(symbol) ?? zero;
  const { instrument, quote } = view;
  if (!instrument || !quote) return noPrice(symbol, view);
  const money = (value: Decimal) => `${groupThousands(value.toFixed(2))} ${book.currency}`;
  const costOfOne = costOfBuying(decimal('1'), quote, instrument);
  let quantity: Decimal;
  let budget: Decimal | undefined;
  if (size === undefined) return { refused: `No size was given for the purchase of ${symbol}.` };
  if ('quantity' in size) {
    quantity = decimal(size.quantity);
  } else {
    budget =
      'cost' in size ? decimal(size.cost) : book.equity.times(decimal(size.percent)).div(decimal('100'));
    quantity = quantityFor(budget, quote, instrument);
    if (quantity.lte(zero)) {
      return {
        refused:
          `${money(budget)} buys less than ${instrument.rules.quantityStep} ${symbol}, ` +
          `of which one costs ${money(costOfOne)}.`,
      };
    }
  }
  const closesShort = held.lt(zero) && quantity.lte(held.abs());
  const cost = quantity.times(costOfOne);
  if (!closesShort && cost.gt(book.cash)) {
    return {
      refused:
        `${decimalText(quantity)} ${symbol} would cost ${money(cost)} with its fee, ` +
        `but the book "${book.name}" has ${money(book.cash)}.`,
    };
  }
  return { quantity, purpose: closesShort ? 'exit' : 'entry', ...(budget && { budget }) };
}

/** By quantity or percent it needs no price: an exit works also when the source is away. */
function quantityToSell(symbol: string, size: Size | undefined, book: BookView, view: SymbolView): Chosen {
  const held = book.positions.get(symbol) ?? zero;
  if (held.lte(zero)) return { refused: `The book "${book.name}" holds no ${symbol} to sell.` };
  let quantity: Decimal;
  if (size === undefined) {
    quantity = held;
  } else if ('quantity' in size) {
    quantity = decimal(size.quantity);
  } else if ('percent' in size) {
    quantity = held.times(decimal(size.percent)).div(decimal('100'));
  } else {
    if (!view.instrument || !view.quote) return noPrice(symbol, view);
    const bid = decimal(view.quote.bid);
    if (bid.lte(zero))
      return { refused: `${symbol} has no bid, so ${size.cost} ${book.currency} cannot be counted out.` };
    quantity = truncateToStep(decimal(size.cost).div(bid), decimal(view.instrument.rules.quantityStep));
    if (quantity.lte(zero)) {
      return {
        refused: `${size.cost} ${book.currency} is less than ${view.instrument.rules.quantityStep} ${symbol} at ${view.quote.bid}.`,
      };
    }
  }
  if (quantity.gt(held)) {
    return {
      refused: `It would sell ${decimalText(quantity)} ${symbol}, but the book "${book.name}" holds ${decimalText(held)}.`,
    };
  }
  return { quantity, purpose: 'exit' };
}

function noPrice(symbol: string, { why }: SymbolView): { readonly refused: string } {
  return { refused: why ?? `There is no price for ${symbol} just now.` };
}

function sizeWords(action: 'buy' | 'sell', size: Size | undefined): string {
  if (size === undefined) return 'all ';
  if ('quantity' in size) return `${size.quantity} `;
  if ('cost' in size) return `for ${size.cost} `;
  return `${size.percent} % ${action === 'buy' ? 'of equity in ' : 'of '}`;
}

function numberText(value: number): string {
  return Number.isFinite(value) ? decimalText(decimalOfNumber(value)) : String(value);
}
