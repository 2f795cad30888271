/** A paper account with the prices, the clock and the store around it, for tests of what is particular to it. */
import { onTestFinished } from 'vitest';
import type { OrderRequest, OrderTerms, Side } from '../../../../engine/brokers/broker.ts';
import { PaperBroker } from '../../../../engine/brokers/paper/paper.ts';
import { paperSettings } from '../../../../engine/brokers/paper/settings.ts';
import type { Clock } from '../../../../engine/clock.ts';
import { silentLog } from '../../../../engine/log.ts';
import type { Store } from '../../../../engine/store/store.ts';
import { ManualClock } from '../../../support/clock.ts';
import { FixedPrices } from '../../../support/prices.ts';
import { tempStore } from '../../../support/temp-store.ts';

export interface Around {
  readonly store: Store;
  readonly prices: FixedPrices;
  readonly clock: ManualClock;
}

export async function around(prices: FixedPrices = new FixedPrices({ SP500: '100' })): Promise<Around> {
  return { store: await tempStore(), prices, clock: new ManualClock() };
}

/** Connected, and disconnected when the test is over. */
export async function openPaper(
  { store, prices, clock }: { store: Store; prices: FixedPrices; clock: Clock },
  settings: Record<string, unknown> = {},
): Promise<PaperBroker> {
  const broker = await PaperBroker.open({
    name: 'paper',
    settings: paperSettings.parse({
      type: 'paper',
      source: 'fixed',
      balances: { USD: '10000' },
      ...settings,
    }),
    store,
    prices,
    clock,
    log: silentLog,
  });
  await broker.connect();
  onTestFinished(() => broker.disconnect());
  return broker;
}

export function order(
  clientOrderId: string,
  side: Side,
  quantity: string,
  terms: OrderTerms = { type: 'market' },
  symbol = 'SP500',
): OrderRequest {
  return { clientOrderId, symbol, side, quantity, terms };
}

export async function stateOf(broker: PaperBroker, id: string) {
  const found = await broker.findOrder(id);
  return (
    found && {
      state: found.state,
      fills: found.fills.map(({ quantity, price }) => `${quantity} at ${price}`),
    }
  );
}
