/**
 * Bars and prices of shares from Interactive Brokers.
 *
 * The bars of trades are adjusted for splits, always; adjusted days for dividends as well. What a symbol means is what it
 * means to the desk's broker: a contract that was chosen there is that of the bars, too.
 */

import { SeveralContracts } from '../../../brokers/broker.ts';
import type { Share } from '../../../brokers/ib/instruments.ts';
import { Instruments, nameOf, UnknownShare } from '../../../brokers/ib/instruments.ts';
import { NoPrice, Quotes } from '../../../brokers/ib/quotes.ts';
import type { SourceSurroundings } from '../adapter.ts';
import { VendorRefusal } from '../remote/refusal.ts';
import { type History, type HistoryQuestion, remoteSource, type Vendor } from '../remote/source.ts';
import type { LastPrice, Market, Source, SymbolInfo } from '../source.ts';
import { marketOf } from './exchanges.ts';
import { TwsHistory } from './history.ts';
import { Questions } from './questions.ts';
import type { IbSourceSettings } from './settings.ts';

const mostFound = 50;

export async function ibSource(
  name: string,
  settings: IbSourceSettings,
  { clock, log, network, store, brokers }: SourceSurroundings,
): Promise<Source> {
  const { timezone, delayedPrices, timeoutSeconds } = settings;
  const questions = new Questions({ name, settings, log, network });
  const session = () => questions.session();
  const instruments = await Instruments.open({
    ...{ clock, name, session, withoutHints: true },
    ...(store && { store }),
  });
  const quotes = new Quotes({ clock, delayed: delayedPrices, instruments, session });
  const bars = new TwsHistory({ questions, clock, network, timeoutMs: timeoutSeconds * 1000 });

  /** To be asked within a question. */
  async function find(symbol: string): Promise<Share> {
    try {
      return await instruments.find(symbol);
    } catch (error) {
      if (error instanceof UnknownShare) throw new VendorRefusal('unknown-symbol', error.message);
      if (error instanceof SeveralContracts) throw unclear(symbol, error);
      throw error;
    }
  }

  function unclear(symbol: string, { choices }: SeveralContracts): VendorRefusal {
    const names = choices.map((choice) => `${choice.symbol} (${choice.name})`).join(', ');
    const [broker] = brokers('ib');
    const choose = broker === undefined ? '' : `, or choose with /broker contract ${broker} ${symbol}`;
    return new VendorRefusal(
      'refused',
      `Source ${name} has several shares named "${symbol}": ${names}. Write one of them so${choose}.`,
    );
  }

  const placeOf = (share: Share): Market => marketOf(share.exchange, share.timezone, timezone);

  async function history(question: HistoryQuestion): Promise<History> {
    const { symbol, signal } = question;
    const share = await questions.ask(() => find(symbol), signal);
    const rows = await bars.rows(share, question);
    if (rows.length === 0) throw new VendorRefusal('no-data', `Source ${name} has no bars of ${symbol}.`);
    return { rows, market: placeOf(share), symbol: share.symbol };
  }

  async function search(query: string): Promise<readonly SymbolInfo[]> {
    const found = await questions.ask(() => instruments.search(query, mostFound));
    return found.map((contract) => ({
      symbol: nameOf(contract),
      name: contract.description ?? '',
      currency: contract.currency ?? '',
    }));
  }

  async function last(wanted: string): Promise<LastPrice> {
    try {
      const {
        symbol,
        last: price,
        currency,
        at,
      } = await questions.ask(async () => quotes.of(await find(wanted)));
      return { symbol, price, currency, at };
    } catch (error) {
      if (error instanceof NoPrice) throw questions.refusal('refused', `${error.message}.`, error);
      throw error;
    }
  }

  const vendor: Vendor = {
    intervals: ['1m', '5m', '15m', '30m', '1h', '4h', '1d'],
    // It remembers its prices itself.
    priceForMs: 0,
    spelled: (symbol) => symbol.trim().toUpperCase(),
    ...{ history, search, last },
    market: async (symbol) => placeOf(await questions.ask(() => find(symbol))),
  };
  return {
    ...remoteSource(vendor, { name, timezone, clock, log }),
    chosen: (symbol) => instruments.chosen(symbol),
  };
}
