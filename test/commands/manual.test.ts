import { describe, expect, test } from 'vitest';
import { manual } from '../../commands/manual.ts';
import { brokerSettings, createBroker } from '../../engine/brokers/index.ts';
import { HandReports } from '../../engine/brokers/manual/reports.ts';
import type { Desk } from '../../engine/desk.ts';
import { Outbox } from '../../engine/events.ts';
import { silentLog } from '../../engine/log.ts';
import { chatDesk } from '../support/chat.ts';
import { ManualClock } from '../support/clock.ts';
import { FixedPrices } from '../support/prices.ts';
import { tempStore } from '../support/temp-store.ts';

/** A desk with accounts that are traded by hand; the first has orders to buy 10 of SP500 under these ids. */
async function handDesk({
  orders = [],
  accounts = ['depot'],
}: {
  orders?: readonly string[];
  accounts?: readonly string[];
} = {}) {
  const store = await tempStore();
  const clock = new ManualClock();
  const brokers = new Map(
    await Promise.all(
      accounts.map(async (name) => {
        const broker = await createBroker(
          name,
          brokerSettings.parse({ type: 'manual', source: 'fixed', balances: { USD: '10000' } }),
          {
            store,
            clock,
            log: silentLog,
            outbox: await Outbox.open(store, clock),
            prices: () => new FixedPrices({ SP500: '100' }),
          },
        );
        await broker.connect();
        return [name, broker] as const;
      }),
    ),
  );
  const [depot] = brokers.values();
  for (const clientOrderId of orders) {
    await depot?.submit({
      clientOrderId,
      symbol: 'SP500',
      side: 'buy',
      quantity: '10',
      terms: { type: 'market' },
    });
  }
  // The commands under test ask nothing else of the desk.
  const desk = { byHand: new HandReports(brokers) } as unknown as Desk;
  const chat = await chatDesk({ store, clock, desk, commands: [manual] });
  /** Types a command and confirms it. */
  const confirms = async (text: string) => {
    const question = await chat.types('tom', text);
    const answer = await chat.presses('tom', question.button('Confirm'));
    return { question: question.text, answer: answer.text };
  };
  return { chat, depot, confirms };
}

describe('/manual', () => {
  test('shows what is to be done, and what of it is done', async () => {
    const { chat, confirms } = await handDesk({ orders: ['demo-aaaa', 'demo-bbbb'] });
    await confirms('/manual fill demo-bbbb 4 100');
    const { shown } = await chat.types('vera', '/manual list');
    expect(shown.at(-1)?.table?.rows).toEqual([
      ['depot', 'buy 10 SP500', 'market', '0', 'demo-aaaa'],
      ['depot', 'buy 10 SP500', 'market', '4', 'demo-bbbb'],
    ]);
  });

  test('asks before a fill changes the account, then says what is left', async () => {
    const { depot, confirms } = await handDesk({ orders: ['demo-aaaa'] });
    const { question, answer } = await confirms('/manual fill aaaa 4 99.5 1.25');
    expect(question).toContain('depot bought 4 SP500 at 99.5 USD, fee 1.25');
    expect(answer).toBe('Bought 4 SP500 at 99.5 USD, fee 1.25 USD. 6 are left.');
    expect((await confirms('/manual fill aaaa 6 100')).answer).toContain('The order is filled.');
    expect(await depot?.findOrder('demo-aaaa', 'SP500')).toMatchObject({ state: 'filled' });
  });

  test('changes nothing before it is confirmed', async () => {
    const { chat, depot } = await handDesk({ orders: ['demo-aaaa'] });
    await chat.types('tom', '/manual fill aaaa 4 99.5');
    expect(await depot?.fillsSince(new Date(0))).toEqual([]);
  });

  test('counts a trade once that is reported again with its reference, also when its order is filled', async () => {
    const { depot, confirms } = await handDesk({ orders: ['demo-aaaa'] });
    await confirms('/manual fill demo-aaaa 10 100 reference=T-1');
    const { answer } = await confirms('/manual fill demo-aaaa 10 100 reference=T-1');
    expect(answer).toContain('This was reported before, and counts once');
    expect(await depot?.fillsSince(new Date(0))).toHaveLength(1);
  });

  test('says which order is meant when there is none, or more than one', async () => {
    const { chat } = await handDesk({ orders: ['demo-aaaa', 'demo-bbbb'] });
    expect((await chat.types('tom', '/manual cancelled nothing')).text).toContain(
      'There is no open order "nothing" to be placed by hand. Open: demo-aaaa, demo-bbbb.',
    );
    expect((await chat.types('tom', '/manual cancelled demo')).text).toContain(
      '"demo" may be any of demo-aaaa, demo-bbbb.',
    );
  });

  test('ends orders that were rejected or cancelled, with the reason', async () => {
    const { chat, depot } = await handDesk({ orders: ['demo-aaaa', 'demo-bbbb'] });
    expect((await chat.types('tom', '/manual reject demo-aaaa trading is halted')).text).toContain(
      'is rejected: trading is halted',
    );
    await chat.types('tom', '/manual cancelled demo-bbbb');
    expect(await depot?.findOrder('demo-aaaa', '')).toMatchObject({
      state: 'rejected',
      reason: 'trading is halted',
    });
    expect(await depot?.findOrder('demo-bbbb', '')).toMatchObject({
      state: 'cancelled',
      reason: 'cancelled by hand, says tom',
    });
  });

  test('corrects a balance after it was confirmed', async () => {
    const { depot, confirms } = await handDesk();
    const { question, answer } = await confirms('/manual balance USD 9990.5');
    expect(question).toContain('depot holds 10,000 USD by what was reported. From now on it holds 9990.5.');
    expect(answer).toContain('depot holds 9990.5 USD, corrected by -9.5.');
    expect(await depot?.balances()).toMatchObject([{ asset: 'USD', free: '9990.5' }]);
  });

  test('wants to know which account, where there are two', async () => {
    const { chat, confirms } = await handDesk({ accounts: ['depot', 'other'] });
    expect((await chat.types('tom', '/manual balance USD 1')).text).toContain(
      'More than one account is traded by hand: depot, other.',
    );
    expect((await confirms('/manual balance USD 1 account=other')).answer).toContain('other holds 1 USD');
  });

  test('is not for those who may only look', async () => {
    const { chat, depot } = await handDesk({ orders: ['demo-aaaa'] });
    expect((await chat.types('vera', '/manual fill demo-aaaa 1 100')).text).toMatch(/trader/);
    expect(await depot?.fillsSince(new Date(0))).toEqual([]);
  });

  test('says how to have such an account, where there is none', async () => {
    const { chat } = await handDesk({ accounts: [] });
    expect((await chat.types('vera', '/manual list')).text).toContain(
      'a broker of type "manual" in desk.yaml',
    );
    expect((await chat.types('tom', '/manual cancelled demo-aaaa')).text).toContain('of type "manual"');
  });
});
