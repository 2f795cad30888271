/**
 * The handler `pair`: trades the spread of two symbols, one long and one short, with a size that follows from the loss
 * at the stop.
 *
 * `{ "action": "entry", "side": "long", "pair": "NEOUSDT-12*ADAUSDT", "price": 4.0, "stoploss_price": 3.8 }` is long NEO
 * and short twelve times as many ADA: it borrows ADA, sells it, and buys NEO. `{ "action": "exit", "pair": ... }` sells
 * NEO, buys back the ADA that is owed with its interest, repays it, and brings the money home.
 */
import { z } from 'zod';
import type { Instrument, Quote } from '../../brokers/broker.ts';
import type { Step } from '../../execution/operation.ts';
import type { Decimal } from '../../money.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import type { BookView, Decision, MarketView, SymbolView } from '../handler.ts';
import { defineHandler } from '../handler.ts';
import type { OpenPosition } from './closing.ts';
import { closingSteps, openPosition } from './closing.ts';
import { anyNumber, notes, percent, positiveNumber, word } from './fields.ts';
import { countable, countableFor, moneyHome, moneyIn } from './funding.ts';
import { amountText, assetOf, belowMinimum, noPrice, onStep } from './instruments.ts';
import type { Pair } from './pair-syntax.ts';
import { pairText, readPair } from './pair-syntax.ts';
import { maximumLoss, percentOf, stopDistance } from './risk.ts';

const hundred = decimal('100');

/** Seconds that an alert waits for the one before it, such as an entry for the exit of what is still open. */
const patienceSeconds = 5;

/** Percent of the short leg's value that the long one's should be within. */
const evenRatio = { from: decimal('70'), to: decimal('130') };

/** Of what the book holds in other assets: less of it, in percent of its capital, is a leftover of an earlier trade. */
const leftoverPercent = decimal('0.1');

const pairField = z
  .string()
  .trim()
  .max(128)
  .transform((text, context): Pair => {
    const read = readPair(text);
    if (!('problem' in read)) return read;
    context.issues.push({ code: 'custom', message: read.problem, input: text });
    return z.NEVER;
  });

const settings = z.strictObject({
  /** For signals that name none. */
  pair: pairField.optional(),
  /** What an entry may lose in percent of the book's capital; the book's `maximumLossPercent` where not given. */
  risk: percent.optional(),
  /** `borrow` borrows what it sells short (crypto margin), `broker` leaves that to the broker (shares). */
  short: z.enum(['borrow', 'broker'], 'must be borrow or broker').default('borrow'),
  /** An entry whose expected fees are more than this part of its largest loss is not made. */
  feesPercentOfLoss: percent.default('80'),
  /**
   * What stays behind of the money that is put in, in the book's currency: both sizes shrink by its share, and the
   * purchase by the same share again, so that as much is left where it trades.
   */
  reserve: positiveNumber.optional(),
});

type Settings = z.infer<typeof settings>;
type Side = 'long' | 'short';

interface Entry {
  readonly action: 'entry';
  readonly pair: Pair;
  /** Of the first symbol; the second is traded the other way. */
  readonly side: Side;
  /** Of the spread, as the sender's chart has it. */
  readonly price: string;
  readonly stop: string;
}

interface Exit {
  readonly action: 'exit';
  readonly pair: Pair;
  readonly side: Side | undefined;
}

function signal({ pair: defaultPair }: Settings): z.ZodType<Entry | Exit> {
  return z
    .strictObject({
      ...notes,
      action: word(['entry', 'exit']),
      pair: pairField.optional(),
      side: word(['long', 'short']).optional(),
      price: anyNumber.optional(),
      stoploss_price: anyNumber.optional(),
    })
    .transform(({ action, side, price, stoploss_price: stop, ...named }, context): Entry | Exit => {
      const refuse = (message: string) => {
        context.issues.push({ code: 'custom', message, input: undefined });
        return z.NEVER;
      };
      const pair = named.pair ?? defaultPair;
      if (pair === undefined) return refuse('pair: is missing, and the book has no default');
      // An exit leaves all of it, whatever prices came along.
      if (action === 'exit') return { action, pair, side };
      if (side === undefined) return refuse('side: is missing, must be long or short');
      if (price === undefined) return refuse('price: is missing, and the size follows from it');
      if (stop === undefined) return refuse('stoploss_price: is missing, and the size follows from it');
      return { action, pair, side, price, stop };
    });
}

export const pair = defineHandler<Settings, Entry | Exit>({
  name: 'pair',
  settings,
  signal,
  summary: summaryOf,
  symbols: ({ pair: { first, second } }) => [first, second],
  decide({ data, settings }, book, market): Decision {
    const first = legOf(data.pair.first, book, market);
    const second = legOf(data.pair.second, book, market);
    const other = otherAssets(book, [first.asset, second.asset]);
    if (other.length > 0) {
      return {
        refused: `The book "${book.name}" trades another pair: it has ${other.join(' and ')}, and this is ${pairText(data.pair)}.`,
      };
    }
    const isOpen = first.open !== undefined || second.open !== undefined;
    if (data.action === 'exit') {
      if (!isOpen)
        return again(`The book "${book.name}" has no position in ${pairText(data.pair)} to leave.`);
      return leave(data, [first, second], book);
    }
    if (isOpen) return again(`The book "${book.name}" still has a position in ${pairText(data.pair)}.`);
    return enter(data, settings, [first, second], book);
  },
});

/** One of the two symbols, and what the book has of it. */
interface Leg {
  /** As the signal has it. */
  readonly symbol: string;
  readonly asset: string;
  readonly view: SymbolView;
  readonly open: OpenPosition | undefined;
}

function legOf(symbol: string, book: BookView, market: MarketView): Leg {
  const view = market.get(symbol) ?? {};
  const asset = assetOf(symbol, view, book);
  return { symbol, asset, view, open: openPosition(asset, view, book) };
}

/** What the book has beside the pair, leftovers aside. */
function otherAssets(book: BookView, ofPair: readonly string[]): readonly string[] {
  const leftover = percentOf(leftoverPercent, book.capital);
  const assets = new Set([...book.positions.keys(), ...book.debts.keys()]);
  return [...assets].filter((asset) => {
    if (ofPair.includes(asset) || asset === book.currency) return false;
    const net = (book.positions.get(asset) ?? zero).abs();
    const owed = book.debts.get(asset) ?? zero;
    const amount = owed.gt(net) ? owed : net;
    const price = book.averagePrices.get(asset);
    return amount.gt(zero) && (!price || amount.times(price).gt(leftover));
  });
}

function again(reason: string): Decision {
  return { again: reason, afterSeconds: patienceSeconds };
}

/** Works without any price, also when only one of the two legs is there: an exit must not wait for the other. */
function leave({ side, pair }: Exit, [first, second]: readonly [Leg, Leg], book: BookView): Decision {
  const isLong = first.open?.side === 'long' || second.open?.side === 'short';
  const openSide = isLong ? 'long' : 'short';
  if (side !== undefined && side !== openSide) {
    return {
      refused: `It would leave a ${side} of ${pairText(pair)}, but the book "${book.name}" is ${openSide}.`,
    };
  }
  const steps: Step[] = [];
  let notional = zero;
  // What is long first: its sale brings the money that buys the other back.
  for (const wanted of ['long', 'short'] as const) {
    for (const leg of ['first', 'second'] as const) {
      const { open, symbol: named, asset, view } = leg === 'first' ? first : second;
      if (open?.side !== wanted) continue;
      const symbol = view.instrument?.symbol ?? named;
      steps.push(...closingSteps({ position: open, symbol, asset, view, book, leg: `exit-${leg}` }));
      notional = notional.plus(open.quantity.times(decimal(view.quote?.last ?? '0')));
    }
  }
  return { purpose: 'exit', notional, steps: [...steps, ...moneyHome(book)] };
}

/** A leg of an entry with all that its order needs to be known. */
interface PricedLeg {
  readonly instrument: Instrument;
  /** What an order gets now: the ask of what is bought, the bid of what is sold. */
  readonly price: Decimal;
}

function enter(data: Entry, settings: Settings, legs: readonly [Leg, Leg], book: BookView): Decision {
  const { side, pair } = data;
  const first = pricedLeg(legs[0], side, book);
  const second = pricedLeg(legs[1], side === 'long' ? 'short' : 'long', book);
  if ('refused' in first) return first;
  if ('refused' in second) return second;
  const risk = maximumLoss(book, settings.risk);
  if ('refused' in risk) return risk;
  const stop = stopDistance({
    side,
    name: pairText(pair),
    stop: decimal(data.stop),
    price: decimal(data.price),
    market: first.price.minus(pair.ratio.times(second.price)),
  });
  if ('refused' in stop) return stop;
  const units = risk.loss.div(stop.distance);
  const ofFirst = { ...first, units };
  const ofSecond = { ...second, units: units.times(pair.ratio) };
  const [long, short] = side === 'long' ? [ofFirst, ofSecond] : [ofSecond, ofFirst];
  const sizes = sizesOf({ long, short, loss: risk.loss, distance: stop.distance }, settings, book);
  if ('refused' in sizes) return sizes;
  const { bought, sold } = sizes;
  const tooDear = feeProblem(sizes, { long, short, loss: risk.loss }, settings, pair, book);
  if (tooDear !== undefined) return { refused: tooDear };
  const warnings = [risk.warning, sizes.warning, ratioWarning(long, short)].filter(
    (text) => text !== undefined,
  );
  return {
    purpose: 'entry',
    notional: bought.times(long.price).plus(sold.times(short.price)),
    ...(warnings.length > 0 && { warning: warnings.join(' ') }),
    steps: entrySteps(sizes, { long, short }, settings, book),
  };
}

interface SizedLeg extends PricedLeg {
  /** What the loss at the stop leads to, before it is cut to anything. */
  readonly units: Decimal;
}

interface Legs {
  readonly long: SizedLeg;
  readonly short: SizedLeg;
}

interface Sizes {
  /** Put in; the short leg is borrowed against it. */
  readonly moved: Decimal;
  readonly bought: Decimal;
  readonly sold: Decimal;
  /** What the purchase may cost, without its fee. */
  readonly toBuy: Decimal;
  /** Part of the size that the risk led to. */
  readonly scale: Decimal;
  readonly warning: string | undefined;
}

/** Both legs cut to what the book can put in, and to the steps of the exchange. */
function sizesOf(
  { long, short, loss, distance }: Legs & { readonly loss: Decimal; readonly distance: Decimal },
  settings: Settings,
  { available, minimumEntry, currency }: BookView,
): Sizes | { readonly refused: string } {
  const longValue = worthOf(long);
  const isScaled = available.lt(longValue);
  const paid = isScaled ? available : longValue;
  const spent = paid.minus(decimal(settings.reserve ?? '0'));
  const counted = countableFor(spent);
  const moved = counted.gt(available) ? countable(available) : counted;
  const money = (value: Decimal) => amountText(value, currency);
  const figures =
    `A loss of ${money(loss)} at a stop ${decimalText(distance.round(12))} away takes ${money(longValue)} ` +
    `for the long leg, and the book can put in ${money(available)}`;
  if (spent.lte(zero)) return { refused: `${figures}: nothing is left to enter with.` };
  if (moved.lt(minimumEntry)) {
    return {
      refused: `${figures}: an entry of ${money(moved)} is below the book's smallest of ${money(minimumEntry)}.`,
    };
  }
  const scale = spent.div(longValue);
  const toBuy = spent.times(spent.div(paid));
  const bought = onStep(toBuy.div(long.price), long.instrument);
  const sold = onStep(short.units.times(scale), short.instrument);
  const tooSmall =
    belowMinimum(bought, long.price, long.instrument) ?? belowMinimum(sold, short.price, short.instrument);
  if (tooSmall !== undefined) return { refused: `${figures}: ${tooSmall}` };
  const cut = `${figures}: both legs were cut to ${scale.times(hundred).toFixed(2)} %.`;
  return { moved, bought, sold, toBuy, scale, warning: isScaled ? cut : undefined };
}

/** Why the fees, in and out, are too much of what the trade may lose: of that part of it which its size can lose. */
function feeProblem(
  { bought, sold, scale }: Sizes,
  { long, short, loss }: Legs & { readonly loss: Decimal },
  { feesPercentOfLoss }: Settings,
  pair: Pair,
  { currency }: BookView,
): string | undefined {
  const fees = feeOf(bought, long).plus(feeOf(sold, short)).times(decimal('2'));
  const atStake = loss.times(scale);
  if (fees.lte(percentOf(decimal(feesPercentOfLoss), atStake))) return undefined;
  return (
    `The fees of ${pairText(pair)} would be about ${amountText(fees, currency)}, more than ${feesPercentOfLoss} % ` +
    `of the ${amountText(atStake, currency)} that it may lose.`
  );
}

function ratioWarning(long: SizedLeg, short: SizedLeg): string | undefined {
  const shortValue = worthOf(short);
  if (shortValue.lte(zero)) return undefined;
  const ratio = worthOf(long).div(shortValue).times(hundred);
  if (ratio.gte(evenRatio.from) && ratio.lte(evenRatio.to)) return undefined;
  return `The long leg is worth ${ratio.toFixed(2)} % of the short one.`;
}

/** The short leg first: what its sale brings pays the fee of the purchase, as far as it reaches. */
function entrySteps(
  { moved, bought, sold, toBuy }: Sizes,
  { long, short }: Legs,
  settings: Settings,
  book: BookView,
): readonly Step[] {
  const { wallet } = book;
  const withFee = toBuy.plus(toBuy.times(decimal(long.instrument.feeRate)));
  const inHand = moved.plus(sold.times(short.price)).minus(feeOf(sold, short));
  const amount = decimalText(sold);
  const sale = {
    kind: 'order',
    leg: 'short',
    symbol: short.instrument.symbol,
    side: 'sell',
    wallet,
  } as const;
  const shortSteps: readonly Step[] =
    settings.short === 'borrow'
      ? [
          { kind: 'borrow', leg: 'borrow', asset: short.instrument.asset, amount, wallet },
          { ...sale, quantity: { is: 'borrowed', leg: 'borrow' } },
        ]
      : [{ ...sale, quantity: { is: 'fixed', amount } }];
  return [
    ...moneyIn(book, moved),
    ...shortSteps,
    {
      kind: 'order',
      leg: 'long',
      symbol: long.instrument.symbol,
      side: 'buy',
      quantity: { is: 'fixed', amount: decimalText(bought) },
      budget: decimalText(withFee.lt(inHand) ? withFee : inHand),
      wallet,
    },
  ];
}

function worthOf({ units, price }: SizedLeg): Decimal {
  return units.times(price);
}

/** What a market order of this quantity should cost as a fee. */
function feeOf(quantity: Decimal, { instrument, price }: PricedLeg): Decimal {
  return quantity.times(price).times(decimal(instrument.feeRate));
}

function pricedLeg(
  { symbol, view }: Leg,
  side: Side,
  { name, currency }: BookView,
): PricedLeg | { readonly refused: string } {
  const { instrument, quote } = view;
  if (!instrument || !quote) return noPrice(symbol, view);
  if (instrument.currency !== currency) {
    return {
      refused: `${instrument.symbol} trades in ${instrument.currency}, but the book "${name}" is in ${currency}.`,
    };
  }
  const price = priceFor(side, quote);
  return price.gt(zero)
    ? { instrument, price }
    : { refused: `${symbol} has no ${side === 'long' ? 'ask' : 'bid'} just now.` };
}

function priceFor(side: Side, { bid, ask }: Quote): Decimal {
  return decimal(side === 'long' ? ask : bid);
}

function summaryOf(data: Entry | Exit): string {
  const name = pairText(data.pair);
  if (data.action === 'exit') return `exit ${data.side === undefined ? '' : `${data.side} `}${name}`;
  return `enter ${data.side} ${name} at ${data.price}, stop ${data.stop}`;
}
