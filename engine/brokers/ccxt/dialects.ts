/**
 * What is different from exchange to exchange, and not hidden by ccxt: its wallets, what its ids may look like, what it
 * proves by not finding an order, which codes its refusals have. Everything else in this folder knows no exchange by name.
 */
import { createHash } from 'node:crypto';
import type { Verdict } from './verdict.ts';
import { binanceCodes, krakenCodes } from './verdict.ts';

type Params = Readonly<Record<string, unknown>>;

export interface Dialect {
  /** Settings of the client itself. */
  readonly client: Params;
  /**
   * Whether each request carries a number that must be larger than that of the one before: then they go one after another.
   * Else they carry the exchange's time.
   */
  readonly countsRequests: boolean;
  /** ccxt's options that this needs. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The kinds of wallets that are told apart, as they are written before the colon. */
  readonly wallets: readonly WalletKind[];
  /** What is added to questions for a wallet's balances. */
  readonly balanceParams: (wallet: WalletName) => Params;
  /** What is added to orders, and questions for orders and trades, in a wallet. */
  readonly orderParams: (wallet: WalletName) => Params;
  /** Whether an order is found under our id, however long ago it was; else only under the exchange's. */
  readonly findsByClientId: boolean;
  /** What cuts a list of orders down to the one with an id of ours; it must be in their form. */
  readonly listParams: (theirs: string) => Params;
  /** Whether trades come newest first and are paged by their offset; else they come from a time on. */
  readonly pagesTradesByOffset: boolean;
  /** Whether trades can be asked for from any time until now; else ccxt knows how long a span may be. */
  readonly tradesInOneSpan: boolean;
  /** Whether the trades of one order can be asked for by its id; else they are looked for among all since it came. */
  readonly tradesByOrderId: boolean;
  /** Whether all open orders of a wallet come in one answer; else they are asked for symbol by symbol. */
  readonly listsAllOpenOrders: boolean;
  /** What makes an order void that arrives late, where it is not so by itself. @param now by the exchange's clock */
  readonly deadline: (now: number) => Params;
  /** See `Capabilities.absenceIsFinalAfterSeconds`. */
  readonly absenceIsFinalAfterSeconds: number | null;
  /** Our id in the form that the exchange takes. */
  readonly clientId: (ours: string) => string;
  readonly codes: ReadonlyMap<string, Verdict>;
  /** Subscribes to a wallet's events before the first is waited for, where ccxt tells when that is done. */
  readonly subscription?: (wallet: WalletName) => Params;
  readonly lends?: 'binance';
}

export type WalletKind = 'spot' | 'funding' | 'cross' | 'isolated';

/** A wallet of `desk.yaml`, taken apart. */
export interface WalletName {
  /** As it is written: `isolated:BTC/USDT`. */
  readonly name: string;
  readonly kind: WalletKind;
  /** Of an isolated wallet: its pair. */
  readonly pair: string | null;
}

export function walletName(name: string): WalletName {
  const [kind = '', pair = null] = name.split(':');
  return { name, kind: kind as WalletKind, pair };
}

/** Orders are sent from these; the others only hold money. */
export function tradesIn({ kind }: WalletName): boolean {
  return kind !== 'funding';
}

export function dialectOf(exchange: string): Dialect {
  return dialects.get(exchange) ?? plain;
}

/** How long a request may be on its way before Binance refuses it; it comes with each. */
const recvWindowMs = 5000;

const binance: Dialect = {
  countsRequests: false,
  // 6000 a minute, of which a sixth is left to what else runs at this address. ccxt counts them in fives, and in its usual
  // way would make an order wait for seconds after a loan.
  client: { rateLimiterAlgorithm: 'rollingWindow', rollingWindowSize: 60_000, rateLimit: 60 },
  options: {
    defaultType: 'spot',
    fetchMarkets: { types: ['spot'] },
    fetchMargins: false,
    fetchCurrencies: false, // private, and only a loan's step needs it
    recvWindow: recvWindowMs,
    warnOnFetchOpenOrdersWithoutSymbol: false,
    // Else a stream of margin orders asks for positions in futures too.
    watchPositions: { fetchPositionsSnapshot: false },
  },
  wallets: ['spot', 'funding', 'cross', 'isolated'],
  balanceParams: ({ kind, pair }) => {
    if (kind === 'funding') return { type: 'funding' };
    if (kind === 'cross') return { type: 'margin', marginMode: 'cross' };
    if (kind === 'isolated') return { type: 'margin', marginMode: 'isolated', symbols: [pair] };
    return { type: 'spot' };
  },
  orderParams: ({ kind }) => {
    if (kind === 'cross') return { marginMode: 'cross' };
    if (kind === 'isolated') return { marginMode: 'isolated' };
    return {};
  },
  findsByClientId: true,
  deadline: () => ({}),
  listParams: () => ({}),
  pagesTradesByOffset: false,
  tradesInOneSpan: true,
  tradesByOrderId: true,
  listsAllOpenOrders: true,
  // It refuses what arrives later than the receive window (5 s) after it was signed, and takes a signature from up to one second
  // ahead. What is left of the time is for its own books to show a new order.
  absenceIsFinalAfterSeconds: 12,
  clientId: (ours) => ours,
  codes: binanceCodes,
  subscription: ({ kind, pair }) => {
    if (kind === 'cross') return { type: 'margin' };
    if (kind === 'isolated') return { type: 'margin', marginMode: 'isolated', symbol: pair };
    return { type: 'spot' };
  },
  lends: 'binance',
};

const { lends: _, ...binanceWithoutLoans } = binance;
const binanceSpot: Dialect = { ...binanceWithoutLoans, wallets: ['spot'] };

/** An exchange of which nothing more is known than what ccxt hides: one wallet, and no proof by absence. */
const plain: Dialect = {
  countsRequests: false,
  client: {},
  options: { defaultType: 'spot' },
  wallets: ['spot'],
  balanceParams: () => ({}),
  orderParams: () => ({}),
  findsByClientId: false,
  deadline: () => ({}),
  listParams: () => ({}),
  pagesTradesByOffset: false,
  tradesInOneSpan: false,
  tradesByOrderId: false,
  listsAllOpenOrders: false,
  absenceIsFinalAfterSeconds: null,
  clientId: (ours) => ours,
  codes: new Map(),
};

const kraken: Dialect = {
  ...plain,
  countsRequests: true,
  // A counter that goes up by one with each call, to 15 at most, and down by one in three seconds. ccxt counts in thirds, and in
  // its usual way would make every call wait for three seconds.
  client: { tokenBucket: { capacity: 36, tokens: 36 } },
  listParams: (theirs) => ({ clientOrderId: theirs }),
  pagesTradesByOffset: true,
  tradesInOneSpan: true,
  listsAllOpenOrders: true,
  deadline: (now) => ({ deadline: new Date(now + 5000).toISOString() }),
  absenceIsFinalAfterSeconds: 12,
  clientId: krakenId,
  codes: krakenCodes,
};

const dialects: ReadonlyMap<string, Dialect> = new Map<string, Dialect>([
  ['binance', binance],
  ['binanceus', binanceSpot],
  ['kraken', kraken],
]);

/** A UUID, 32 hexadecimal digits, or free text of at most 18 characters. */
function krakenId(ours: string): string {
  if (ours.length <= 18) return ours;
  const digits = /^oc-([0-9a-f]{32})$/.exec(ours)?.[1];
  return digits ?? createHash('sha256').update(ours).digest('hex').slice(0, 32);
}
