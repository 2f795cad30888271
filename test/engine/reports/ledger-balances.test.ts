import { describe, expect, it } from 'vitest';
import { decimal, zero } from '../../../engine/money.ts';
import { accountBalances, sideBySide } from '../../../engine/reports/ledger-balances.ts';
import { exportRecords } from '../../../engine/reports/ledger-records.ts';
import { brokerWith, buildTrading, openTrading } from '../../support/trading.ts';

const at = (wallet: string, asset: string, held: string, owed = '0') => ({
  ...{ wallet, asset, held: decimal(held), owed: decimal(owed), locked: zero },
});

describe("the broker's balances beside the books'", () => {
  it('have a line for whatever either of them names, and none for what is nothing to both', () => {
    const lines = sideBySide(
      [at('spot', 'USDT', '100'), at('spot', 'BTC', '2'), at('spot', 'DUST', '0')],
      [at('spot', 'USDT', '90'), at('cross', 'USDT', '5', '1')],
    );
    expect(
      lines.map(({ wallet, asset, broker, books, difference }) => [wallet, asset, broker, books, difference]),
    ).toEqual([
      ['spot', 'USDT', '100', '90', '10'],
      ['spot', 'BTC', '2', '0', '2'],
      ['cross', 'USDT', '0', '5', '-5'],
    ]);
    expect(lines[2]).toMatchObject({ owed: '0', owedByBooks: '1' });
  });

  it('of a broker that does not answer, the books stand alone, and it says why', async () => {
    const { books, broker } = await buildTrading();
    const silent = brokerWith(broker, { balances: () => Promise.reject(new Error('the line is cut')) });
    const { problem, lines } = await accountBalances(silent, books);
    expect(problem).toBe('the line is cut');
    expect(lines).toMatchObject([{ asset: 'USD', broker: null, books: '10000', difference: null }]);
  });
});

describe('records as CSV', () => {
  it('have every field, the newest first, and say when the oldest are missing', async () => {
    const { send, queue, store, stop } = await openTrading();
    for (const id of ['a', 'b', 'c']) await send({ id, action: 'buy', symbol: 'ACME', quantity: 1 });
    await queue.idle();
    const all = await exportRecords(store, { kind: 'orders', book: 'demo' });
    const [header = '', ...rows] = new TextDecoder().decode(all.file.data).trim().split('\r\n');
    expect(all).toMatchObject({ rows: 3, isCut: false });
    expect(rows).toHaveLength(3);
    expect(header.split(',')).toEqual(
      expect.arrayContaining(['_id', 'symbol', 'terms', 'filled', 'askedAt']),
    );
    const cut = await exportRecords(store, { kind: 'orders' }, 2);
    expect(cut).toMatchObject({ rows: 2, isCut: true });
    expect((await exportRecords(store, { kind: 'orders', book: 'other' })).rows).toBe(0);
    expect((await exportRecords(store, { kind: 'signals' })).rows).toBe(3);
    await stop();
  });

  it('are those of the asked days, both included', async () => {
    const { send, queue, store, clock, stop } = await openTrading();
    await send({ id: 'a', action: 'buy', symbol: 'ACME', quantity: 1 });
    await queue.idle();
    const today = new Date(`${clock.now().toISOString().slice(0, 10)}T00:00:00.000Z`);
    const yesterday = new Date(today.getTime() - 86_400_000);
    const rows = async (range: { from?: Date; to?: Date }) =>
      (await exportRecords(store, { kind: 'orders', ...range })).rows;
    expect(await rows({ from: today, to: today })).toBe(1);
    expect(await rows({ to: yesterday })).toBe(0);
    await stop();
  });
});
