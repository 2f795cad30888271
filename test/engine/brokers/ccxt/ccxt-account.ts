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

export interface BinanceAccount {
  readonly binance: TestBinance;
  readonly broker: CcxtBroker;
  readonly store: Store;
  /** The same account through new objects, as after a restart of the desk. */
  restart(): Promise<CcxtBroker>;
}

export interface AccountOptions {
  readonly exchange?: BinanceOptions;
  /** What differs in `desk.yaml`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The desk's, which may be off. */
  readonly clock?: Clock;
  readonly log?: Logger;
}

export async function binanceAccount(options: AccountOptions = {}): Promise<BinanceAccount> {
  const binance = await startBinance(options.exchange);
  onTestFinished(() => binance.close());
  const store = await tempStore();
  const settings = ccxtSettings.parse({
    type: 'ccxt',
    exchange: 'binance',
    ...binance.keys,
    gateway: binance.url,
    pollSeconds: 0.2,
    silenceSeconds: 20,
    timeoutSeconds: 10,
    ...options.settings,
  });
  const restart = async () => {
    const { clock = systemClock, log = silentLog } = options;
    const broker = await CcxtBroker.open({ name: 'binance', settings, store, clock, log });
    onTestFinished(() => broker.disconnect());
    return broker;
  };
  return { binance, broker: await restart(), store, restart };
}
