/** The instruments of an account that the desk keeps itself: what its price source knows, under the account's rules. */
import { UserError } from '../../errors.ts';
import { decimal, zero } from '../../money.ts';
import type { Instrument, InstrumentRules } from '../broker.ts';
import type { Price, Prices } from '../prices.ts';
import type { Account } from './account.ts';

export interface Priced {
  readonly instrument: Instrument;
  readonly price: Price;
}

/** In which coins are counted, and by which the end of `BTCUSDT` is known. */
const usualCurrencies = [
  'USDT',
  'USDC',
  'FDUSD',
  'TUSD',
  'BUSD',
  'DAI',
  'USD',
  'EUR',
  'GBP',
  'JPY',
  'BTC',
  'ETH',
  'BNB',
];

export class Instruments {
  readonly #prices: Prices;
  readonly #rules: InstrumentRules;
  readonly #feeRate: string;
  readonly #traded: () => Promise<Account['symbols']>;
  readonly #currencies: readonly string[];
  /** What was asked for -> what was found, for the time when the source is away. */
  readonly #known = new Map<string, Instrument>();

  constructor({
    prices,
    rules,
    feeRate,
    currencies,
    traded,
  }: {
    readonly prices: Prices;
    readonly rules: {
      readonly quantityStep: string;
      readonly priceTick: string;
      readonly minimumQuantity?: string | undefined;
      readonly minimumNotional: string;
    };
    readonly feeRate: string;
    /** Of the account's own balances. */
    readonly currencies: readonly string[];
    /** What the account has met, by symbol. */
    readonly traded: () => Promise<Account['symbols']>;
  }) {
    const { quantityStep, priceTick, minimumQuantity = quantityStep, minimumNotional } = rules;
    this.#prices = prices;
    this.#rules = { quantityStep, priceTick, minimumQuantity, minimumNotional };
    this.#feeRate = feeRate;
    this.#traded = traded;
    this.#currencies = [...new Set([...currencies, ...usualCurrencies])];
  }

  /**
   * The instrument with its price now.
   * @throws UserError for a symbol under which the source knows nothing
   */
  async priced(name: string): Promise<Priced> {
    let unknown: UserError | undefined;
    for (const candidate of spellings(name, this.#currencies)) {
      try {
        const price = await this.#prices.lastPrice(candidate);
        if (decimal(price.price).lte(zero)) {
          throw new Error(`the source gives ${price.price} as the price of ${candidate}`);
        }
        const instrument = this.#instrument(price.symbol ?? candidate, price.currency);
        this.#known.set(name, instrument);
        return { instrument, price };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        unknown ??= error;
      }
    }
    throw unknown ?? new UserError('A symbol is missing.');
  }

  /**
   * Also while the source is away, where the account has met the symbol before.
   * @throws UserError for a symbol under which the source knows nothing
   */
  async resolve(name: string): Promise<Instrument> {
    try {
      return (await this.priced(name)).instrument;
    } catch (error) {
      if (error instanceof UserError) throw error;
      const known = this.#known.get(name) ?? (await this.#tradedBefore(name));
      if (!known) throw error;
      return known;
    }
  }

  async #tradedBefore(name: string): Promise<Instrument | undefined> {
    const symbols = await this.#traded();
    for (const symbol of spellings(name, this.#currencies)) {
      const traded = symbols.get(symbol);
      if (traded) return this.#instrument(symbol, traded.currency);
    }
    return undefined;
  }

  #instrument(symbol: string, sourceCurrency: string): Instrument {
    const [base, quote] = symbol.split('/');
    const pair = base !== undefined && quote !== undefined && base !== '' && quote !== '';
    return {
      symbol,
      asset: pair ? base : symbol,
      currency: pair ? quote : sourceCurrency,
      rules: this.#rules,
      feeRate: this.#feeRate,
    };
  }
}

/** `BINANCE:BTCUSDT` may be `BTCUSDT` or `BTC/USDT`: what is written first, then what it may mean. */
function spellings(name: string, currencies: readonly string[]): readonly string[] {
  const bare = name.slice(name.lastIndexOf(':') + 1);
  const upper = bare.toUpperCase();
  const pairs = upper.includes('/')
    ? [upper]
    : currencies
        .filter((currency) => upper.endsWith(currency) && upper.length > currency.length)
        .toSorted((a, b) => b.length - a.length)
        .map((currency) => `${upper.slice(0, -currency.length)}/${currency}`);
  return [...new Set([name, bare, ...pairs])].filter((text) => text !== '');
}
