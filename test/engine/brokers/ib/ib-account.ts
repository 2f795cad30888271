/** An Interactive Brokers account at a local TWS, both gone after the test. */
import { onTestFinished } from 'vitest';
import { IbBroker } from '../../../../engine/brokers/ib/ib.ts';
import { ibSettings } from '../../../../engine/brokers/ib/settings.ts';
import type { Clock } from '../../../../engine/clock.ts';
import { systemClock } from '../../../../engine/clock.ts';
import { Outbox } from '../../../../engine/events.ts';
import type { Logger } from '../../../../engine/log.ts';
import { silentLog } from '../../../../engine/log.ts';
import type { Store } from '../../../../engine/store/store.ts';
import { hurryTime } from '../../../support/quick-time.ts';
import { tempStore } from '../../../support/temp-store.ts';
import type { TestTws } from '../../../support/tws/index.ts';
import { startTws } from '../../../support/tws/index.ts';

export interface IbAccount {
  readonly tws: TestTws;
  readonly broker: IbBroker;
  readonly store: Store;
  readonly outbox: Outbox;
  /** The same account through new objects, as after a restart of the desk. */
  restart(): Promise<IbBroker>;
}

export interface IbAccountOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** What differs in `desk.yaml`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Its pauses take as long as they are, because something outside of this process is waited for. */
  readonly inRealTime?: boolean;
}

/** With 100,000 USD, and AAPL at 200. */
export async function ibAccount(options: IbAccountOptions = {}): Promise<IbAccount> {
  const { clock = systemClock, log = silentLog, inRealTime = false } = options;
  if (!inRealTime) hurryTime();
  const tws = await startTws({ clock });
  onTestFinished(() => tws.close());
  tws.deposit('USD', '100000');
  tws.price('AAPL', '200');
  const store = await tempStore();
  const outbox = await Outbox.open(store, clock);
  const settings = ibSettings.parse({
    type: 'ib',
    port: tws.port,
    timeoutSeconds: 3,
    heartbeatSeconds: 1,
    patienceSeconds: 0,
    absenceSeconds: 2,
    quiet: { times: [] },
    ...options.settings,
  });
  const restart = async () => {
    const broker = await IbBroker.open({ name: 'ib', settings, store, clock, log, outbox });
    onTestFinished(() => broker.disconnect());
    return broker;
  };
  return { tws, broker: await restart(), store, outbox, restart };
}
