/** What a test may do with a local TWS: give it money, move its markets, see its orders, and let things go wrong. */
import type { Clock } from '../../../engine/clock.ts';
import { systemClock } from '../../../engine/clock.ts';
import { decimal } from '../../../engine/money.ts';
import type { Order } from './account.ts';
import type { Listing } from './contracts.ts';
import { listings } from './contracts.ts';
import { TwsServer } from './server.ts';

export type { HistoryBar } from './history.ts';

export interface TwsOptions {
  readonly clock?: Clock;
  readonly account?: string;
}

export interface TestTws {
  readonly server: TwsServer;
  readonly port: number;
  deposit(currency: string, amount: string): void;
  /** The market goes there. The spread is two ticks of 0.01 unless told. @param symbol with `@` and its exchange where several have it */
  price(symbol: string, price: string, options?: { readonly spread?: string }): void;
  tradePart(symbol: string, price: string, quantity: string): void;
  /** Somebody places an order in TWS itself. */
  byHand(symbol: string, action: 'BUY' | 'SELL', quantity: string, limitPrice: string): void;
  orders(): readonly Order[];
  /** What is held, as decimal text. */
  held(symbol: string): string;
  cash(currency: string): string;
  close(): Promise<void>;
}

export async function startTws({
  clock = systemClock,
  account = 'DU1234567',
}: TwsOptions = {}): Promise<TestTws> {
  const server = new TwsServer(account, clock);
  await server.listen();
  return {
    server,
    get port() {
      return server.port;
    },
    deposit: (currency, amount) => server.account.deposit(currency, decimal(amount)),
    price(symbol, price, { spread = '0.02' } = {}) {
      server.account.price(listed(symbol), decimal(price), decimal(spread));
    },
    tradePart(symbol, price, quantity) {
      server.account.tradePart(listed(symbol), decimal(price), decimal(quantity));
    },
    byHand(symbol, action, quantity, limitPrice) {
      const refusal = server.account.place(
        {
          ...{ orderId: 0, clientId: 0, account, listing: listed(symbol), action, type: 'LMT', tif: 'GTC' },
          ...{ quantity: decimal(quantity), limitPrice: decimal(limitPrice), auxPrice: undefined },
          ...{ ocaGroup: '', ocaType: 0, orderRef: '', parentId: 0, transmit: true },
        },
        () => undefined,
      );
      if (refusal) throw new Error(refusal.text);
    },
    orders: () => server.account.orders,
    held: (symbol) => (server.account.positions.get(listed(symbol)) ?? decimal('0')).toFixed(),
    cash: (currency) => (server.account.cash.get(currency) ?? decimal('0')).toFixed(),
    close: () => server.close(),
  };
}

export function listed(name: string): Listing {
  const [symbol, exchange] = name.split('@');
  const found = listings.find(
    (listing) =>
      listing.symbol === symbol && (exchange === undefined || listing.primaryExchange === exchange),
  );
  if (!found) throw new Error(`nothing is listed as ${name}`);
  return found;
}
