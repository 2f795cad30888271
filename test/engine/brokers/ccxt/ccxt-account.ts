/** A ccxt broker with an account at a local exchange, both gone after the test. */
import { onTestFinished } from 'vitest';
import { CcxtBroker } from '../../../../engine/brokers/ccxt/ccxt.ts';
import { ccxtSettings } from '../../../../engine/brokers/ccxt/settings.ts';
import type { Clock } from '../../../../engine/clock.ts';
import { systemClock } from '../../../../engine/clock.ts';
import type { Logger } from '../../../../engine/log.ts';
import { silentLog } from '../../../../engine/log.ts';
import type { Store } from '../../../../engine/store/store.ts';
import type { BinanceOptions, TestBinance } from '../../../support/exchange/binance/index.ts';
import { startBinance } from '../../../support/exchange/binance/index.ts';
import { tempStore } from '../../../support/temp-store.ts';

export interface Account {
  readonly broker: CcxtBroker;
  readonly store: Store;
  /** The same account through new objects, as after a restart of the desk. */
  restart(): Promise<CcxtBroker>;
}

export interface DeskParts {
  /** The desk's, which may be off. */
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** @param settings as in `desk.yaml`, without its type */
export async function account(
  settings: Readonly<Record<string, unknown>>,
  { clock = systemClock, log = silentLog }: DeskParts = {},
): Promise<Account> {
  const store = await tempStore();
  const read = ccxtSettings.parse({ type: 'ccxt', pollSeconds: 1, ...settings });
  const restart = async () => {
    const broker = await CcxtBroker.open({ name: 'exchange', settings: read, store, clock, log });
    onTestFinished(() => broker.disconnect());
    return broker;
  };
  return { broker: await restart(), store, restart };
}

export interface BinanceAccountOptions extends DeskParts {
  readonly exchange?: BinanceOptions;
  /** What differs in `desk.yaml`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export async function binanceAccount(
  options: BinanceAccountOptions = {},
): Promise<Account & { readonly binance: TestBinance }> {
  const binance = await startBinance(options.exchange);
  onTestFinished(() => binance.close());
  const settings = { exchange: 'binance', ...binance.keys, gateway: binance.url, ...options.settings };
  return { binance, ...(await account(settings, options)) };
}
