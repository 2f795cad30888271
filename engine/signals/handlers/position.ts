/**
 * The handler `position`: one symbol, long or short, with a size that follows from the risk and the stop.
 *
 * `{ "action": "entry", "side": "long", "symbol": "BTCUSDT", "stop": 58000, "take_profit": 66000 }` buys as much as loses
 * the book's largest loss when the stop is hit; the stop and the take profit then rest at the broker.
 * `{ "action": "exit", "symbol": "BTCUSDT" }` ends the position, or `percent` of it.
 */
import { z } from 'zod';
import type { Instrument, Quote } from '../../brokers/broker.ts';
import { costOfBuying, quantityFor } from '../../execution/checks.ts';
import type { Amount, Step } from '../../execution/operation.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import type { BookView, Decision, SymbolView } from '../handler.ts';
import { defineHandler } from '../handler.ts';
import type { OpenPosition } from './closing.ts';
import { closingSteps, openPosition } from './closing.ts';
import { notes, percent, positiveNumber, symbolText, word } from './fields.ts';
import { countable, countableFor, moneyHome, moneyIn } from './funding.ts';
import { amountText, assetOf, belowMinimum, noPrice, onStep } from './instruments.ts';
import { protection } from './protection.ts';
import { maximumLoss, percentOf, stopDistance } from './risk.ts';

const settings = z.strictObject({
  /** For signals that name none. */
  symbol: symbolText.optional(),
  /** The only ones that it trades; any, where not given. */
  symbols: z.array(symbolText).min(1).optional(),
  /** What an entry may lose in percent of the book's capital, for signals that do not say it. */
  risk: percent.optional(),
  /**
   * How it sells what it does not hold: `borrow` borrows it first (crypto margin), `broker` leaves that to the broker
   * (shares). Not at all, where not given.
   */
  short: z.enum(['borrow', 'broker'], 'must be borrow or broker').optional(),
  /** What is put in for a short, in percent of what it sells. Below 100 the broker's margin carries the rest. */
  collateralPercent: positiveNumber
    .refine(
      (text) => decimal(text).gte(decimal('20')) && decimal(text).lte(decimal('300')),
      'must be 20 to 300',
    )
    .default('100'),
  /** What rests at the broker after an entry: the stop and the take profit, the stop alone, or nothing. */
  rest: z.enum(['both', 'stop', 'none'], 'must be both, stop or none').default('both'),
  /** How many entries may follow one another on the same side, and whether each needs a profit of those before. */
  pyramiding: z
    .strictObject({
      entries: z.number().int().min(1).max(100),
      onlyInProfit: z.boolean().default(false),
    })
    .prefault({ entries: 1 }),
  /** Whether an entry on the other side ends the position first; if not, it waits for the exit, and then is refused. */
  reversal: z.boolean().default(false),
});

type Settings = z.infer<typeof settings>;

interface Entry {
  readonly action: 'entry';
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly stop: string;
  readonly price: string | undefined;
  readonly takeProfit: string | undefined;
  readonly risk: string | undefined;
}

interface Exit {
  readonly action: 'exit';
  readonly symbol: string;
  readonly side: 'long' | 'short' | undefined;
  /** Of the position; all of it where not given. */
  readonly percent: string | undefined;
  /** For what is left of it. */
  readonly stop: string | undefined;
  readonly takeProfit: string | undefined;
}

/** Strict, as the signals of `order` are: a mistyped `stop` must not leave a position without one. */
function signal({ symbol: defaultSymbol }: Settings): z.ZodType<Entry | Exit> {
  return z
    .strictObject({
      ...notes,
      action: word(['entry', 'exit']),
      side: word(['long', 'short']).optional(),
      symbol: symbolText.optional(),
      ticker: symbolText.optional(),
      price: positiveNumber.optional(),
      stop: positiveNumber.optional(),
      take_profit: positiveNumber.optional(),
      risk: percent.optional(),
      percent: percent.optional(),
    })
    .transform((data, context): Entry | Exit => {
      const refuse = (message: string) => {
        context.issues.push({ code: 'custom', message, input: undefined });
        return z.NEVER;
      };
      const { action, side, price, stop, take_profit: takeProfit, risk, percent } = data;
      const symbol = data.symbol ?? data.ticker ?? defaultSymbol;
      if (symbol === undefined) return refuse('symbol: is missing, and the book has no default');
      if (action === 'exit') {
        if (price !== undefined || risk !== undefined) return refuse('price and risk are for entries');
        const partly = percent !== undefined && percent !== '100';
        if (!partly && (stop !== undefined || takeProfit !== undefined)) {
          return refuse('stop and take_profit of an exit are for what it leaves: give percent, below 100');
        }
        return { action, symbol, side, percent: partly ? percent : undefined, stop, takeProfit };
      }
      if (percent !== undefined) return refuse('percent is for exits; an entry is sized by risk');
      if (side === undefined) return refuse('side: is missing, must be long or short');
      if (stop === undefined) return refuse('stop: is missing, and the size follows from it');
      return { action, symbol, side, stop, price, takeProfit, risk };
    });
}

export const position = defineHandler<Settings, Entry | Exit>({
  name: 'position',
  settings,
  signal,
  summary: summaryOf,
  symbols: ({ symbol }) => [symbol],
  decide({ data, settings }, book, market): Decision {
    const { symbol } = data;
    if (settings.symbols && !settings.symbols.includes(symbol)) {
      return {
        refused: `The book "${book.name}" does not trade ${symbol}, only ${settings.symbols.join(', ')}.`,
      };
    }
    const view = market.get(symbol) ?? {};
    const asset = assetOf(symbol, view, book);
    const scene: Scene = {
      book,
      settings,
      symbol,
      asset,
      view,
      open: openPosition(asset, view, book),
    };
    return data.action === 'entry' ? decideEntry(data, scene) : decideExit(data, scene);
  },
});

/** Everything around the signal that a decision looks at. */
interface Scene {
  readonly book: BookView;
  readonly settings: Settings;
  /** As the signal has it. */
  readonly symbol: string;
  readonly asset: string;
  readonly view: SymbolView;
  readonly open: OpenPosition | undefined;
}

function decideExit(data: Exit, scene: Scene): Decision {
  const { book, view, open, symbol } = scene;
  if (!open)
    return { again: `The book "${book.name}" has no position in ${symbol} to leave.`, afterSeconds: 5 };
  if (data.side !== undefined && data.side !== open.side) {
    return {
      refused: `It would leave a ${data.side} in ${symbol}, but the book "${book.name}" is ${open.side}.`,
    };
  }
  // Bought back already, by a stop that rested: what is owed has to be repaid, and no part of it can be traded.
  const onlyOwed = open.quantity.eq(zero);
  if (data.percent === undefined || onlyOwed) return leave(open, scene);
  const share = percentOf(decimal(data.percent), open.quantity);
  const part = view.instrument ? onStep(share, view.instrument) : share;
  const price = view.quote && decimal(view.quote.last);
  const tooSmall = view.instrument && belowMinimum(part, price, view.instrument);
  if (tooSmall) return { refused: `${data.percent} % of the position cannot be traded: ${tooSmall}` };
  const rest = open.quantity.minus(part);
  const restsNothing = data.stop === undefined && data.takeProfit === undefined;
  const guard = protectionOf(scene, { side: open.side, quantity: remaining(open, scene, rest) }, data);
  const left = leave(open, scene, part, guard);
  if (!restsNothing || scene.settings.rest === 'none') return left;
  return {
    ...left,
    warning: `What rested at the broker for ${symbol} was cancelled: the rest has no stop there.`,
  };
}

/** What an order at the broker has to guard after a part was closed. */
function remaining({ side, owed }: OpenPosition, { asset }: Scene, rest: Decimal): Amount {
  if (side === 'long') return { is: 'held', asset };
  return owed.gt(zero) ? { is: 'owed', asset } : { is: 'fixed', amount: decimalText(rest) };
}

/** Ends a position, or a part of it. It needs no price: it works also while the source of prices is away. */
function leave(
  open: OpenPosition,
  scene: Scene,
  part?: Decimal,
  guard?: Step,
): Decision & { steps: unknown } {
  const { book, asset, view } = scene;
  const symbol = view.instrument?.symbol ?? scene.symbol;
  const otherDebts = [...book.debts].some(([owed, amount]) => owed !== asset && amount.gt(zero));
  return {
    purpose: 'exit',
    notional: (part ?? open.quantity).times(decimal(view.quote?.last ?? '0')),
    steps: [
      { kind: 'cancel', leg: 'cancel', symbol },
      ...closingSteps({ position: open, symbol, asset, view, book, leg: 'exit', ...(part && { part }) }),
      ...(guard ? [guard] : []),
      // A part of a short leaves its money where it is: it covers the rest.
      ...moneyHome(book, { remainingDebts: otherDebts || (part !== undefined && open.side === 'short') }),
    ],
  };
}

function decideEntry(data: Entry, scene: Scene): Decision {
  const { book, settings, view, symbol, open } = scene;
  const { side } = data;
  if (side === 'short' && settings.short === undefined) {
    return { refused: `The book "${book.name}" does not sell short: its handler has no setting "short".` };
  }
  if (open && open.side !== side) {
    if (settings.reversal) return { ...leave(open, scene), thenAgain: true };
    return { again: `The book "${book.name}" is still ${open.side} in ${symbol}.`, afterSeconds: 5 };
  }
  const { instrument, quote } = view;
  if (!instrument || !quote) return noPrice(symbol, view);
  if (instrument.currency !== book.currency) {
    return {
      refused: `${instrument.symbol} trades in ${instrument.currency}, but the book "${book.name}" is in ${book.currency}.`,
    };
  }
  const keptOut = open && noFurtherEntry(side, quote, scene);
  if (keptOut !== undefined) return { refused: keptOut };
  const wrongProfit = takeProfitProblem(data, quote);
  if (wrongProfit !== undefined) return { refused: wrongProfit };
  const sized = sizeOf(data, scene, instrument, quote);
  if ('refused' in sized) return sized;
  const { quantity, moved, notional, warning } = sized;
  const wallet = book.wallet;
  const amount: Amount = { is: 'fixed', amount: decimalText(quantity) };
  const order = { kind: 'order', leg: 'entry', symbol: instrument.symbol, wallet } as const;
  const steps: Step[] = [...moneyIn(book, moved)];
  if (side === 'long') {
    steps.push({ ...order, side: 'buy', quantity: amount, budget: decimalText(moved) });
  } else if (settings.short === 'borrow') {
    steps.push(
      { kind: 'borrow', leg: 'borrow', asset: instrument.asset, amount: amount.amount, wallet },
      { ...order, side: 'sell', quantity: { is: 'borrowed', leg: 'borrow' } },
    );
  } else {
    steps.push({ ...order, side: 'sell', quantity: amount });
  }
  const guard = protectionOf(scene, { side, quantity: { is: 'bought', leg: 'entry' } }, data);
  if (guard) steps.push(guard);
  return { purpose: 'entry', notional, steps, ...(warning !== undefined && { warning }) };
}

/** Why a position may not grow any more; `undefined` when it may. */
function noFurtherEntry(side: 'long' | 'short', quote: Quote, scene: Scene): string | undefined {
  const { book, settings, asset, symbol } = scene;
  const { entries: most, onlyInProfit } = settings.pyramiding;
  if (most === 1) return `The book "${book.name}" is ${side} in ${symbol} already.`;
  const entries = book.entries.get(asset);
  if (entries === undefined) return `It is not known how many entries made the position in ${symbol}.`;
  if (entries >= most) return `The position in ${symbol} has ${entries} of ${most} entries already.`;
  if (!onlyInProfit) return undefined;
  const average = book.averagePrices.get(asset);
  if (!average) return `It is not known what the position in ${symbol} cost, so its profit is not either.`;
  const now = decimal(side === 'long' ? quote.bid : quote.ask);
  if (side === 'long' ? now.gt(average) : now.lt(average)) return undefined;
  const paid = decimalText(average.round(8));
  return `The position in ${symbol} is not in profit: it is at ${decimalText(now)}, and cost ${paid} on average.`;
}

function takeProfitProblem({ side, symbol, takeProfit }: Entry, { bid, ask }: Quote): string | undefined {
  if (takeProfit === undefined) return undefined;
  const now = decimal(side === 'long' ? ask : bid);
  const profits = side === 'long' ? decimal(takeProfit).gt(now) : decimal(takeProfit).lt(now);
  if (profits) return undefined;
  return `The take profit ${takeProfit} of a ${side} is no profit: ${symbol} is at ${decimalText(now)}.`;
}

interface Sized {
  readonly quantity: Decimal;
  /** What is put in: the price with its fee, or the collateral of a short. */
  readonly moved: Decimal;
  readonly notional: Decimal;
  readonly warning: string | undefined;
}

/** The quantity that loses the largest loss at the stop, cut to what the book can put in. */
function sizeOf(
  data: Entry,
  scene: Scene,
  instrument: Instrument,
  quote: Quote,
): Sized | { readonly refused: string } {
  const { book, settings, symbol } = scene;
  const { side } = data;
  const risk = maximumLoss(book, data.risk ?? settings.risk);
  if ('refused' in risk) return risk;
  const price = decimal(side === 'long' ? quote.ask : quote.bid);
  if (price.lte(zero)) return { refused: `${symbol} has no ${side === 'long' ? 'ask' : 'bid'} just now.` };
  const stop = stopDistance({
    side,
    name: symbol,
    stop: decimal(data.stop),
    price: data.price === undefined ? undefined : decimal(data.price),
    market: price,
  });
  if ('refused' in stop) return stop;
  const collateral = (quantity: Decimal) =>
    percentOf(decimal(settings.collateralPercent), quantity.times(price));
  const wanted = onStep(risk.loss.div(stop.distance), instrument);
  const affordable = book.available.lte(zero)
    ? zero
    : side === 'long'
      ? quantityFor(book.available, quote, instrument)
      : onStep(book.available.div(collateral(decimal('1'))), instrument);
  const quantity = wanted.lt(affordable) ? wanted : affordable;
  const notional = quantity.times(price);
  const figures =
    `A loss of ${amountText(risk.loss, book.currency)} at a stop ${decimalText(stop.distance.round(12))} away is ` +
    `${decimalText(wanted)} ${symbol}, and the book can put in ${amountText(book.available, book.currency)}`;
  const tooSmall = belowMinimum(quantity, price, instrument);
  if (tooSmall !== undefined) return { refused: `${figures}: ${tooSmall}` };
  if (notional.lt(book.minimumEntry)) {
    return {
      refused:
        `${figures}: an entry of ${amountText(notional, book.currency)} is below the book's smallest of ` +
        `${amountText(book.minimumEntry, book.currency)}.`,
    };
  }
  const needed = side === 'long' ? costOfBuying(quantity, quote, instrument) : collateral(quantity);
  const up = countableFor(needed);
  const scaled = quantity.lt(wanted) ? `${figures}: it was cut to ${decimalText(quantity)}.` : undefined;
  return {
    quantity,
    notional,
    moved: up.gt(book.available) ? countable(book.available) : up,
    warning: [risk.warning, scaled].filter((text) => text !== undefined).join(' ') || undefined,
  };
}

function protectionOf(
  { settings, view, symbol, book, asset }: Scene,
  { side, quantity }: { readonly side: 'long' | 'short'; readonly quantity: Amount },
  { stop, takeProfit }: { readonly stop: string | undefined; readonly takeProfit: string | undefined },
): Step | undefined {
  if (settings.rest === 'none') return undefined;
  return protection(
    {
      side,
      quantity,
      symbol: view.instrument?.symbol ?? symbol,
      wallet: book.wallet,
      instrument: view.instrument,
      netOfFee: side === 'short' && (settings.short === 'borrow' || book.debts.has(asset)),
    },
    settings.rest === 'both' ? { stop, takeProfit } : { stop },
  );
}

function summaryOf(data: Entry | Exit): string {
  if (data.action === 'entry') return `enter ${data.side} ${data.symbol}, stop ${data.stop}`;
  const share = data.percent === undefined ? '' : `${data.percent} % of `;
  return `exit ${share}${data.side === undefined ? '' : `${data.side} `}${data.symbol}`;
}
