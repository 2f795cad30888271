/**
 * The acceptance cards of a broker. Every adapter passes all of them that its capabilities promise; a new one proves
 * itself by calling this with a way to open an account against its own stand-in for the outside.
 *
 * B: the account and its market orders. R: orders that rest. E: entries with their exit. M: wallets and loans. F: faults.
 */
import { describe } from 'vitest';
import { accountCards } from './broker/account-cards.ts';
import { exitCards } from './broker/exit-cards.ts';
import { faultCards } from './broker/fault-cards.ts';
import { marginCards } from './broker/margin-cards.ts';
import { restingCards } from './broker/resting-cards.ts';
import { type BrokerUnderTest, Trader } from './broker/world.ts';

export type { BrokerUnderTest, MarginUnderTest } from './broker/world.ts';

export function brokerSuite(name: string, open: () => Promise<BrokerUnderTest>): void {
  /** A trader whose account is connected. */
  const connected = async () => {
    const trader = new Trader(await open());
    await trader.broker.connect();
    return trader;
  };

  describe(`${name} keeps the contract of a broker`, () => {
    accountCards(open, connected);
    restingCards(connected);
    exitCards(connected);
    marginCards(connected);
    faultCards(connected);
  });
}
