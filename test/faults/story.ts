/** What happens around the desk in one seed: which books there are, how the markets move, which alerts come, and when. */
import type { BookSettings } from '../../engine/bank/book.ts';
import { bookSettings } from '../../engine/bank/book.ts';
import type { Random } from './random.ts';

export interface Scene {
  readonly books: readonly BookSettings[];
  readonly alerts: readonly PlannedAlert[];
  readonly fees: 'received' | 'quote' | 'bnb';
  /** How much lies at the best prices: little of it fills orders in parts. */
  readonly depth: string;
}

export interface PlannedAlert {
  readonly id: string;
  readonly book: string;
  readonly afterMs: number;
  readonly path: string;
  readonly body: string;
  /** Whether the sender may expect it to be taken in. */
  readonly isSound: boolean;
  readonly isExit: boolean;
}

type Trader = 'order' | 'order-margin' | 'position' | 'short' | 'pair';

export const startPrices: Readonly<Record<string, number>> = {
  'BTC/USDT': 50_000,
  'ETH/USDT': 2500,
  'BNB/USDT': 400,
  'ADA/USDT': 0.6,
  'NEO/USDT': 12,
};

const tick: Readonly<Record<string, number>> = {
  'BTC/USDT': 2,
  'ETH/USDT': 2,
  'BNB/USDT': 2,
  'ADA/USDT': 4,
  'NEO/USDT': 3,
};

/** On the tick of the local exchange. */
export function priceText(symbol: string, price: number): string {
  return price.toFixed(tick[symbol] ?? 2);
}

export function sceneOf(random: Random, { margin }: { readonly margin: boolean }): Scene {
  const kinds: readonly Trader[] = margin
    ? ['order', 'order-margin', 'position', 'short', 'pair']
    : ['order', 'position'];
  const count = random.whole(1, 5);
  const traders = Array.from({ length: count }, (_, index) => traderOf(random, random.one(kinds), index));
  const alerts: PlannedAlert[] = [];
  const long = random.chance(0.15);
  for (const trader of traders) {
    const many = long ? random.whole(20, 60) : random.whole(3, 14);
    alerts.push(...alertsOf(random, trader, many));
  }
  return {
    books: traders.map(({ book }) => book),
    alerts: alerts.sort((one, other) => one.afterMs - other.afterMs),
    fees: random.one(['received', 'received', 'quote', 'bnb']),
    depth: random.one(['1000000', '1000000', '3']),
  };
}

interface TraderOf {
  readonly book: BookSettings;
  readonly kind: Trader;
  readonly symbols: readonly string[];
}

function traderOf(random: Random, kind: Trader, index: number): TraderOf {
  const common = {
    name: `${kind}-${index}`,
    currency: 'USDT',
    capital: '4000',
    broker: 'account',
    home: 'spot',
  };
  const stale = { staleAfterSeconds: random.one([30, 120, 600]) };
  const symbols =
    kind === 'pair' ? ['NEO/USDT', 'ADA/USDT'] : [random.one(['BTC/USDT', 'ETH/USDT', 'ADA/USDT'])];
  switch (kind) {
    case 'order':
      return { kind, symbols, book: bookSettings.parse({ ...common, ...stale, handler: { name: 'order' } }) };
    case 'order-margin':
      return {
        kind,
        symbols,
        book: bookSettings.parse({ ...common, ...stale, wallet: 'cross', handler: { name: 'order' } }),
      };
    case 'position':
      return {
        kind,
        symbols,
        book: bookSettings.parse({
          ...common,
          ...stale,
          maximumLossPercent: 2,
          handler: { name: 'position', settings: { rest: random.one(['none', 'stop']) } },
        }),
      };
    case 'short':
      return {
        kind,
        symbols,
        book: bookSettings.parse({
          ...common,
          ...stale,
          wallet: 'cross',
          pool: '2000',
          maximumLossPercent: 2,
          handler: {
            name: 'position',
            settings: { short: 'borrow', rest: random.one(['none', 'stop']), reversal: random.chance(0.5) },
          },
        }),
      };
    case 'pair':
      return {
        kind,
        symbols,
        book: bookSettings.parse({
          ...common,
          ...stale,
          wallet: 'cross',
          pool: '2000',
          maximumLossPercent: 2,
          handler: { name: 'pair' },
        }),
      };
    default:
      return kind satisfies never;
  }
}

function alertsOf(random: Random, trader: TraderOf, many: number): PlannedAlert[] {
  const { book } = trader;
  const alerts: PlannedAlert[] = [];
  let atMs = random.between(0, 60_000);
  let isEntry = true;
  for (let number = 0; number < many; number++) {
    const id = `${book.name}-${number}`;
    const fields = { id, ...(isEntry ? entryOf(random, trader) : exitOf(random, trader)) };
    const path = random.chance(0.2) ? '/hooks' : `/hooks/${book.name}`;
    const named = path === '/hooks' ? { ...fields, book: book.name } : fields;
    const one: PlannedAlert = {
      id,
      book: book.name,
      afterMs: atMs,
      path,
      body: JSON.stringify(named),
      isSound: true,
      isExit: !isEntry,
    };
    alerts.push(one);
    if (random.chance(0.15)) alerts.push({ ...one, afterMs: atMs + random.between(0, 20_000) });
    if (random.chance(0.06)) alerts.push(brokenOne(random, one));
    // Out of order: what comes next was sent before.
    atMs += random.chance(0.1) ? 0 : random.one([200, 4000, 30_000, 120_000]) * random.between(0.5, 1.5);
    if (!random.chance(0.15)) isEntry = !isEntry;
  }
  return alerts;
}

function brokenOne(random: Random, { afterMs, body, ...one }: PlannedAlert): PlannedAlert {
  const spoilt = random.one([
    body.slice(0, -2),
    body.replace('"action"', '"acton"'),
    body.replace('{', '{"quantitty": 3, '),
    '',
    '[]',
  ]);
  return { ...one, afterMs: afterMs + random.between(0, 2000), body: spoilt, isSound: false, isExit: false };
}

function entryOf(random: Random, { kind, symbols: [symbol = ''] }: TraderOf): Record<string, unknown> {
  const price = startPrices[symbol] ?? 1;
  const ticker = symbol.replace('/', '');
  switch (kind) {
    case 'order':
    case 'order-margin': {
      const size = random.one([{ cost: 300 }, { percent: 20 }, { cost: 900 }]);
      const limit = random.chance(0.25)
        ? {
            type: 'limit',
            price: priceText(symbol, price * random.between(0.98, 1.02)),
            open_for: random.whole(5, 90),
          }
        : {};
      const stop = random.chance(0.15) ? { stop_loss: priceText(symbol, price * 0.9) } : {};
      return { action: 'buy', symbol: ticker, ...size, ...limit, ...stop };
    }
    case 'position':
      return {
        action: 'entry',
        side: 'long',
        symbol: ticker,
        stop: priceText(symbol, price * random.between(0.85, 0.95)),
      };
    case 'short': {
      const side = random.one(['long', 'short']);
      const stop = price * (side === 'long' ? random.between(0.85, 0.95) : random.between(1.05, 1.15));
      return { action: 'entry', side, symbol: ticker, stop: priceText(symbol, stop) };
    }
    case 'pair': {
      const spread = (startPrices['NEO/USDT'] ?? 0) - 12 * (startPrices['ADA/USDT'] ?? 0);
      const side = random.one(['long', 'short']);
      const stop = spread + (side === 'long' ? -0.6 : 0.6);
      return {
        action: 'entry',
        side,
        pair: 'NEOUSDT-12*ADAUSDT',
        price: spread.toFixed(4),
        stoploss_price: stop.toFixed(4),
      };
    }
    default:
      return kind satisfies never;
  }
}

function exitOf(random: Random, { kind, symbols: [symbol = ''] }: TraderOf): Record<string, unknown> {
  const ticker = symbol.replace('/', '');
  const part = random.chance(0.2) ? { percent: 50 } : {};
  if (kind === 'order' || kind === 'order-margin') return { action: 'sell', symbol: ticker, ...part };
  if (kind === 'pair') return { action: 'exit', pair: 'NEOUSDT-12*ADAUSDT' };
  return { action: 'exit', symbol: ticker, ...part };
}

/** What ends all that a book has open. */
export function lastExitOf(
  { name, handler }: BookSettings,
  symbols: readonly string[],
  id: string,
): PlannedAlert[] {
  const wanted =
    handler?.name === 'pair'
      ? [{ action: 'exit', pair: 'NEOUSDT-12*ADAUSDT' }]
      : symbols.map((symbol) => ({
          action: handler?.name === 'order' ? 'sell' : 'exit',
          symbol: symbol.replace('/', ''),
        }));
  return wanted.map((fields, index) => ({
    ...{ id: `${id}-${index}`, book: name, afterMs: 0, path: `/hooks/${name}`, isSound: true, isExit: true },
    body: JSON.stringify({ id: `${id}-${index}`, ...fields }),
  }));
}
