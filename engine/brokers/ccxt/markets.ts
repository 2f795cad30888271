/** The exchange's markets: loaded once, renewed now and then, and known while the exchange is away. */
import { UserError } from '../../errors.ts';
import { decimal, decimalText, zero } from '../../money.ts';
import { nearest } from '../../nearest.ts';
import type { Instrument } from '../broker.ts';
import type { CcxtExchange } from './client.ts';
import type { ReadMarket } from './read.ts';
import { marketShape } from './read.ts';

/** ccxt's ways to say how precise an amount is: by decimals, by significant digits, by step. */
const decimalPlaces = 2;
const significantDigits = 3;

const smallestStep = '0.00000001';

export class Markets {
  readonly #exchange: string;
  #bySymbol = new Map<string, ReadMarket>();
  /** `BTCUSDT`, and the exchange's own names; null where a name means several. */
  #byOtherName = new Map<string, string | null>();
  /** Names of derivatives. */
  #others = new Set<string>();
  #precisionMode = 0;

  constructor(exchange: string) {
    this.#exchange = exchange;
  }

  get loaded(): boolean {
    return this.#bySymbol.size > 0;
  }

  /** @throws Error when the exchange did not tell its markets */
  take(exchange: CcxtExchange): void {
    const bySymbol = new Map<string, ReadMarket>();
    const byOtherName = new Map<string, string | null>();
    const others = new Set<string>();
    for (const [symbol, entry] of Object.entries(exchange.markets ?? {})) {
      const market = marketShape.safeParse(entry);
      if (!market.success) continue; // an exchange lists thousands, some of them half empty
      if (market.data.spot !== true) {
        others.add(symbol);
        continue;
      }
      bySymbol.set(symbol, market.data);
      const { id, base, quote, info } = market.data;
      for (const name of new Set([compact(`${base}${quote}`), compact(id), ...alternativeNames(info)])) {
        const known = byOtherName.get(name);
        byOtherName.set(name, known === undefined || known === symbol ? symbol : null);
      }
    }
    if (bySymbol.size === 0) throw new Error(`${this.#exchange} named no spot markets`);
    this.#bySymbol = bySymbol;
    this.#byOtherName = byOtherName;
    this.#others = others;
    this.#precisionMode = exchange.precisionMode;
  }

  /** By ccxt's own name; undefined when there is none. */
  known(symbol: string): ReadMarket | undefined {
    return this.#bySymbol.get(symbol);
  }

  /** @throws UserError for what is not a spot market of the exchange */
  find(name: string): ReadMarket {
    const written = name.trim();
    const exact = this.#bySymbol.get(written);
    if (exact) return exact;
    if (!this.loaded) {
      throw new Error(`the markets of ${this.#exchange} are not known yet: it could not be reached so far`);
    }
    if (this.#others.has(written) || /^[^:]+\/[^:]+:.+$/.test(written) || /(\.P|PERP)$/i.test(written)) {
      throw new UserError(
        `"${written}" is a derivative. Brokers of the type ccxt trade spot and margin only, such as BTC/USDT.`,
      );
    }
    const withoutVenue = written.replace(/^[A-Z0-9_]+:/i, '');
    const symbol = this.#bySymbol.has(withoutVenue)
      ? withoutVenue
      : this.#byOtherName.get(compact(withoutVenue));
    if (symbol === null) {
      throw new UserError(`"${written}" means several markets of ${this.#exchange}: write it with a slash.`);
    }
    const market = symbol === undefined ? undefined : this.#bySymbol.get(symbol);
    if (market) return market;
    const [near] = nearest(compact(withoutVenue), [...this.#byOtherName.keys()], 1);
    const hint = near === undefined ? '' : ` Did you mean ${this.#byOtherName.get(near) ?? near}?`;
    throw new UserError(`${this.#exchange} has no spot market "${written}".${hint}`);
  }

  instrument(market: ReadMarket, feeRate: string | undefined): Instrument {
    const quantityStep = this.#step(market.precision.amount);
    const minimum = market.limits.amount?.min;
    return {
      symbol: market.symbol,
      asset: market.base,
      currency: market.quote,
      rules: {
        quantityStep,
        priceTick: this.#step(market.precision.price),
        minimumQuantity: minimum !== undefined && decimal(minimum).gt(zero) ? minimum : quantityStep,
        minimumNotional: market.limits.cost?.min ?? '0',
      },
      feeRate: feeRate ?? market.taker ?? '0.001',
    };
  }

  #step(precision: string | undefined): string {
    if (precision === undefined || this.#precisionMode === significantDigits) return smallestStep;
    if (this.#precisionMode !== decimalPlaces) return precision;
    const places = Number(precision);
    return places <= 0 ? `1${'0'.repeat(-places)}` : decimalText(decimal(`1e-${places}`));
  }
}

/** Kraken's `altname`, `XBTUSD` for `BTC/USD`. */
function alternativeNames(info: unknown): string[] {
  const { altname } = (info ?? {}) as { readonly altname?: unknown };
  return typeof altname === 'string' ? [compact(altname)] : [];
}

function compact(name: string): string {
  return name.replace(/[^a-z0-9]/gi, '').toUpperCase();
}
