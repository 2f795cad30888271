/**
 * The local exchange loses nothing, whatever is asked of it: a test of the books is only as good as the exchange that
 * they are compared with.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Decimal, decimal, zero } from '../../../engine/money.ts';
import { ManualClock } from '../clock.ts';
import type { Side } from './order-book.ts';
import { Refusal } from './refusal.ts';
import { listedSymbol } from './symbols.ts';
import { type FeePayment, type OrderType, type SideEffect, Venue } from './venue.ts';
import type { TradingWallet, Wallet } from './wallets.ts';

const symbols = ['BTCUSDT', 'ADAUSDT', 'BNBUSDT'];
const assets = ['BTC', 'ADA', 'BNB', 'USDT'];
const trading: readonly TradingWallet[] = ['spot', 'cross', 'isolated:BTCUSDT'];
const wallets: readonly Wallet[] = [...trading, 'funding'];

type Act = (venue: Venue, clock: ManualClock) => void;

/** Around the price at which each symbol begins, in cents of it. */
const percent = fc.integer({ min: 96, max: 104 });
const begins: Readonly<Record<string, number>> = { BTCUSDT: 500, ADAUSDT: 5, BNBUSDT: 50 };
const price = (symbol: string, at: number) => decimal(String((begins[symbol] ?? 0) * at)).div(decimal('100'));
/** Of a few units, so that others have some and not all of it. */
const quantity = fc.integer({ min: 1, max: 1000 }).map((cents) => decimal(String(cents)).div(decimal('100')));

const types: readonly OrderType[] = [
  'MARKET',
  'LIMIT',
  'LIMIT_MAKER',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
];
const sideEffects: readonly SideEffect[] = ['NO_SIDE_EFFECT', 'MARGIN_BUY', 'AUTO_BORROW_REPAY'];
const sides: readonly Side[] = ['BUY', 'SELL'];

const order = fc
  .record({
    wallet: fc.constantFrom(...trading),
    symbol: fc.constantFrom(...symbols),
    side: fc.constantFrom(...sides),
    type: fc.constantFrom(...types),
    timeInForce: fc.constantFrom('GTC' as const, 'GTC' as const, 'IOC' as const, 'FOK' as const),
    sideEffect: fc.constantFrom(...sideEffects),
    quantity,
    limit: percent,
    stop: percent,
    clientOrderId: fc.constantFrom('', 'a', 'b', 'c', 'd', 'e'),
    byCost: fc.boolean(),
  })
  .map(
    ({ limit, stop, byCost, quantity: size, ...rest }): Act =>
      (venue) => {
        const isStop = rest.type.startsWith('STOP') || rest.type === 'TAKE_PROFIT';
        venue.place({
          ...rest,
          timeInForce: rest.type === 'LIMIT' ? rest.timeInForce : 'GTC',
          ...(byCost && rest.type === 'MARKET' ? { cost: size.times(decimal('100')) } : { quantity: size }),
          ...(rest.type.includes('LIMIT') ? { price: price(rest.symbol, limit) } : {}),
          ...(isStop ? { stopPrice: price(rest.symbol, stop) } : {}),
        });
      },
  );
const cancel = fc.nat().map(
  (pick): Act =>
    (venue) => {
      const open = venue.openOrders();
      venue.cancel(open[pick % Math.max(1, open.length)], 'cancel');
    },
);
const move = fc.record({ symbol: fc.constantFrom(...symbols), at: percent, depth: quantity }).map(
  ({ symbol, at, depth }): Act =>
    (venue) => {
      const to = price(symbol, at);
      const tick = decimal('0.01');
      venue.setOthers(symbol, [[to.minus(tick), depth]], [[to.plus(tick), depth]]);
      venue.print(symbol, to, decimal('0.01'));
    },
);
const take = fc
  .record({
    symbol: fc.constantFrom(...symbols),
    side: fc.constantFrom(...sides),
    quantity,
    at: fc.option(percent),
  })
  .map(
    ({ symbol, side, quantity: size, at }): Act =>
      (venue) => {
        venue.othersPlace(symbol, side, size, at === null ? undefined : price(symbol, at));
      },
  );
const lend = fc
  .record({
    wallet: fc.constantFrom('cross' as const, 'isolated:BTCUSDT' as const),
    asset: fc.constantFrom(...assets),
    quantity,
    borrows: fc.boolean(),
  })
  .map(
    ({ wallet, asset, quantity: size, borrows }): Act =>
      (venue) => {
        if (borrows) venue.borrow(wallet, asset, size);
        else venue.repay(wallet, asset, size);
      },
  );
const transfer = fc
  .record({
    asset: fc.constantFrom(...assets),
    from: fc.constantFrom(...wallets),
    to: fc.constantFrom(...wallets),
    quantity,
  })
  .map(
    ({ asset, from, to, quantity: size }): Act =>
      (venue) => {
        venue.transfer(asset, size, from, to);
      },
  );
const wait = fc.integer({ min: 1, max: 5 }).map(
  (hours): Act =>
    (venue, clock) => {
      clock.advance(hours * 3_600_000);
      venue.margin.accrue();
    },
);
const fees = fc.constantFrom<FeePayment>('received', 'quote', 'bnb').map(
  (paidIn): Act =>
    (venue) => {
      venue.fees.paidIn = paidIn;
    },
);

const act = fc.oneof(
  { weight: 6, arbitrary: order },
  { weight: 2, arbitrary: cancel },
  { weight: 3, arbitrary: move },
  { weight: 3, arbitrary: take },
  { weight: 2, arbitrary: lend },
  { weight: 2, arbitrary: transfer },
  { weight: 1, arbitrary: wait },
  { weight: 1, arbitrary: fees },
);

const deposits: readonly (readonly [Wallet, string, string])[] = [
  ['spot', 'USDT', '20000'],
  ['spot', 'BTC', '20'],
  ['spot', 'BNB', '0.1'],
  ['cross', 'USDT', '10000'],
  ['isolated:BTCUSDT', 'USDT', '10000'],
  ['funding', 'ADA', '5000'],
];

test('after any sequence of acts nothing is missing, nothing is negative, and only open orders lock', () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 60, maxLength: 120 }), (acts) => {
      const clock = new ManualClock('2024-11-29T09:48:26.000Z');
      const rules = { step: '0.01', minimumNotional: '1' };
      const pairs = ['BTC/USDT', 'ADA/USDT', 'BNB/USDT'];
      const venue = new Venue(
        pairs.map((pair) => listedSymbol(pair, rules)),
        clock,
      );
      for (const [wallet, asset, amount] of deposits) venue.deposit(wallet, asset, decimal(amount));
      for (const symbol of symbols) {
        venue.setOthers(symbol, [[price(symbol, 99), decimal('15')]], [[price(symbol, 101), decimal('15')]]);
        venue.print(symbol, price(symbol, 100), decimal('1'));
      }
      for (const step of acts) {
        try {
          step(venue, clock);
        } catch (thrown) {
          if (!(thrown instanceof Refusal)) throw thrown;
        }
        for (const asset of assets) check(venue, asset);
      }
    }),
    { numRuns: 20 },
  );
});

function check(venue: Venue, asset: string): void {
  let held = zero;
  let owed = zero;
  for (const wallet of venue.wallets.names()) {
    const holding = venue.wallets.holding(wallet, asset);
    for (const [name, amount] of Object.entries(holding)) {
      expect(amount.gte(zero), `${name} ${asset} in ${wallet} is ${amount}`).toBe(true);
    }
    const locks = venue.openOrders().filter((open) => open.wallet === wallet && spends(open) === asset);
    expect(holding.locked.toFixed(), `locked ${asset} in ${wallet}`).toBe(
      sum(locks.map(({ locked }) => locked)).toFixed(),
    );
    held = held.plus(holding.free).plus(holding.locked);
    owed = owed.plus(holding.borrowed).plus(holding.interest);
  }
  const { history, interest } = venue.margin;
  const lent = sum(
    history.flatMap((entry) => {
      if (entry.asset !== asset) return [];
      return [entry.type === 'BORROW' ? entry.amount : entry.amount.neg()];
    }),
  );
  const traded = sum(venue.allTrades().map((trade) => change(trade, asset)));
  const given = sum(deposits.filter(([, name]) => name === asset).map(([, , amount]) => decimal(amount)));
  const charged = sum(interest.filter((entry) => entry.asset === asset).map((entry) => entry.interest));
  expect(held.toFixed(), `all ${asset}`).toBe(given.plus(traded).plus(lent).toFixed());
  expect(owed.toFixed(), `debt of ${asset}`).toBe(lent.plus(charged).toFixed());
}

interface Traded {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: Decimal;
  readonly price: Decimal;
  readonly fee: Decimal;
  readonly feeAsset: string;
}

function change(trade: Traded, asset: string): Decimal {
  const sign = decimal(trade.side === 'BUY' ? '1' : '-1');
  const cost = trade.price.times(trade.quantity);
  const base = trade.symbol === `${asset}USDT` ? trade.quantity.times(sign) : zero;
  const quote = asset === 'USDT' ? cost.times(sign).neg() : zero;
  const fee = trade.feeAsset === asset ? trade.fee : zero;
  return base.plus(quote).minus(fee);
}

function spends({ side, symbol }: { readonly side: Side; readonly symbol: string }): string {
  return side === 'BUY' ? 'USDT' : symbol.replace('USDT', '');
}

function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce((total, amount) => total.plus(amount), zero);
}
