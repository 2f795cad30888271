/** What the exchange lists: pairs, and the rules that their orders must obey. */
import { type Decimal, decimal } from '../../../engine/money.ts';

export interface ListedSymbol {
  /** As Binance names it, such as `BTCUSDT`. */
  readonly id: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: Decimal;
  readonly step: Decimal;
  readonly minimumQuantity: Decimal;
  readonly maximumQuantity: Decimal;
  /** Of a market order. */
  readonly maximumMarketQuantity: Decimal;
  readonly minimumNotional: Decimal;
  /** How far a limit price may be from the last price, as factors; undefined where there is no such rule. */
  readonly percentPrice: { readonly down: Decimal; readonly up: Decimal } | undefined;
  readonly orderTypes: readonly string[];
  readonly crossMargin: boolean;
  readonly isolatedMargin: boolean;
  /** A test may halt it. */
  trading: boolean;
}

/** As a test writes it: decimal text, and only what differs from the usual. */
export interface SymbolOptions {
  readonly tick?: string;
  readonly step?: string;
  readonly minimumQuantity?: string;
  readonly maximumQuantity?: string;
  readonly maximumMarketQuantity?: string;
  readonly minimumNotional?: string;
  readonly percentPrice?: { readonly down: string; readonly up: string };
  readonly orderTypes?: readonly string[];
  readonly crossMargin?: boolean;
  readonly isolatedMargin?: boolean;
}

const usualOrderTypes = [
  'LIMIT',
  'LIMIT_MAKER',
  'MARKET',
  'STOP_LOSS',
  'STOP_LOSS_LIMIT',
  'TAKE_PROFIT',
  'TAKE_PROFIT_LIMIT',
];

/** `pair` is written with a slash, `BTC/USDT`. */
export function listedSymbol(pair: string, options: SymbolOptions = {}): ListedSymbol {
  const [base = '', quote = ''] = pair.split('/');
  if (base === '' || quote === '') throw new RangeError(`"${pair}" is not written as BASE/QUOTE`);
  const step = decimal(options.step ?? '0.00001');
  const { percentPrice } = options;
  return {
    id: `${base}${quote}`,
    base,
    quote,
    tick: decimal(options.tick ?? '0.01'),
    step,
    minimumQuantity: options.minimumQuantity === undefined ? step : decimal(options.minimumQuantity),
    maximumQuantity: decimal(options.maximumQuantity ?? '9000000'),
    maximumMarketQuantity: decimal(options.maximumMarketQuantity ?? '1000000'),
    minimumNotional: decimal(options.minimumNotional ?? '5'),
    percentPrice:
      percentPrice === undefined
        ? undefined
        : { down: decimal(percentPrice.down), up: decimal(percentPrice.up) },
    orderTypes: options.orderTypes ?? usualOrderTypes,
    crossMargin: options.crossMargin ?? true,
    isolatedMargin: options.isolatedMargin ?? true,
    trading: true,
  };
}

/** The pairs of an exchange for which the test names none. */
export const usualSymbols: readonly ListedSymbol[] = [
  listedSymbol('BTC/USDT'),
  listedSymbol('ETH/USDT', { step: '0.0001' }),
  listedSymbol('BNB/USDT', { step: '0.001' }),
  listedSymbol('ADA/USDT', { tick: '0.0001', step: '0.1' }),
  listedSymbol('NEO/USDT', { tick: '0.001', step: '0.01' }),
];
