/** Isolated margin at Binance, which is one wallet for each pair. */
import { expect, test } from 'vitest';
import type { MovementOutcome } from '../../../../engine/brokers/broker.ts';
import { binanceAccount } from './ccxt-account.ts';

const wallet = 'isolated:BTC/USDT';

async function trader() {
  const account = await binanceAccount({ settings: { wallets: ['spot', 'funding', 'cross', wallet] } });
  account.binance.deposit('spot', 'USDT', '10000');
  account.binance.book('BTC/USDT').price('50000');
  account.binance.book('ETH/USDT').price('2000');
  await account.broker.connect();
  const { margin } = account.broker;
  if (!margin) throw new Error('Binance has margin');
  return { ...account, margin };
}

test('money is moved in, a coin borrowed, sold, bought back and repaid, and the records show it', async () => {
  const { binance, broker, margin } = await trader();
  done(await margin.transfer({ asset: 'USDT', amount: '1000', from: 'spot', to: wallet }));
  const loan = done(await margin.borrow({ asset: 'BTC', amount: '0.01', wallet }));
  const order = { symbol: 'BTC/USDT', terms: { type: 'market' }, wallet } as const;
  expect(
    await broker.submit({ ...order, clientOrderId: 'short', side: 'sell', quantity: '0.01' }),
  ).toMatchObject({
    outcome: 'accepted',
  });
  expect(await broker.findOrder('short', 'BTC/USDT')).toMatchObject({ state: 'filled', fills: [{ wallet }] });
  await broker.submit({ ...order, clientOrderId: 'cover', side: 'buy', quantity: '0.01002' });
  const [debt] = await margin.debts();
  expect(debt).toMatchObject({ asset: 'BTC', wallet, principal: '0.01' });
  const owed = (await broker.balances()).find(
    (balance) => balance.asset === 'BTC' && balance.wallet === wallet,
  )?.owed;
  done(await margin.repay({ asset: 'BTC', amount: owed ?? '', wallet }));

  expect(await margin.debts()).toEqual([]);
  expect(binance.loans()).toEqual([]);
  const kinds = (await margin.movementsSince(new Date(0))).map(({ kind }) => kind);
  expect(kinds).toEqual(['deposit', 'transfer', 'borrow', 'interest', 'repay']);
  expect((await margin.movementsSince(new Date(0))).map(({ id }) => id)).toContain(loan.id);
  expect((await broker.fillsSince(new Date(0))).map(({ clientOrderId }) => clientOrderId)).toEqual([
    'short',
    'cover',
  ]);
});

test('another pair is not traded in it', async () => {
  const { broker } = await trader();
  const order = { clientOrderId: 'other', symbol: 'ETH/USDT', side: 'buy', quantity: '1' } as const;

  expect(await broker.submit({ ...order, terms: { type: 'market' }, wallet })).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringContaining(wallet),
  });
});

test('from the funding wallet the way leads through spot, and that is said', async () => {
  const { margin } = await trader();
  expect(await margin.transfer({ asset: 'USDT', amount: '1', from: 'funding', to: wallet })).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringContaining('through spot'),
  });
});

function done(outcome: MovementOutcome) {
  if (outcome.outcome !== 'done') throw new Error(outcome.reason);
  return outcome;
}
