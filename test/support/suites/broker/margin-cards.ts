/** Cards M: wallets and the movements between them, loans and what they cost. For brokers that have such a part. */
import { expect, test } from 'vitest';
import type { Margin, Movement, MovementOutcome } from '../../../../engine/brokers/broker.ts';
import { decimal, decimalText, truncateToStep, zero } from '../../../../engine/money.ts';
import type { MarginUnderTest, Trader } from './world.ts';
import { inOrder, total } from './world.ts';

type Skip = (why: string) => never;

interface Borrower {
  readonly trader: Trader;
  readonly margin: Margin;
  readonly world: MarginUnderTest;
}

export function marginCards(connected: () => Promise<Trader>): void {
  const card = (title: string, play: (borrower: Borrower, skip: Skip) => Promise<void>) =>
    test(title, async ({ skip }) => {
      const trader = await connected();
      const { margin } = trader.broker;
      const world = trader.world.margin;
      if (!margin || !world) return skip('it neither lends nor moves money');
      await play({ trader, margin, world }, skip);
    });

  card(
    'M01 its lending wallets are among its wallets, and steps are positive',
    async ({ trader, margin, world }) => {
      expect(margin.wallets).toContain(world.wallet);
      for (const wallet of margin.wallets) expect(trader.broker.wallets).toContain(wallet);
      expect(decimal(await margin.stepOf(world.loan.asset)).gt(zero)).toBe(true);
    },
  );

  card('M02 a transfer moves exactly its amount, and nothing is lost on the way', async (borrower) => {
    const { trader, world } = borrower;
    const { asset, amount } = world.collateral;
    const before = await trader.balance(asset, trader.firstWallet);
    done(await bringCollateral(borrower), amount);
    const [from, to] = [
      await trader.balance(asset, trader.firstWallet),
      await trader.balance(asset, world.wallet),
    ];
    expect(from.free).toBe(decimalText(decimal(before.free).minus(decimal(amount))));
    expect(to.free).toBe(decimalText(decimal(amount)));
  });

  card(
    'M03 more than is there, nothing, less than nothing and nowhere are refused',
    async ({ trader, margin, world }) => {
      const { broker } = trader;
      const { asset, amount } = world.collateral;
      const { free } = await trader.balance(asset, trader.firstWallet);
      const before = inOrder(await broker.balances());
      const route = { asset, from: trader.firstWallet, to: world.wallet };
      const wrong = [
        { ...route, amount: decimalText(decimal(free).plus(decimal(amount))) },
        { ...route, amount: '0' },
        { ...route, amount: decimalText(decimal(amount).neg()) },
        { ...route, amount, to: 'no-such-wallet' },
        { ...route, amount, asset: 'NOSUCHASSET' },
      ];
      for (const movement of wrong) {
        const outcome = await margin.transfer(movement);
        expect(outcome, JSON.stringify(movement)).toMatchObject({ outcome: 'rejected' });
        expect('reason' in outcome && outcome.reason).toMatch(/\w/);
      }
      expect(inOrder(await broker.balances())).toEqual(before);
    },
  );

  card('M04 a loan arrives in its wallet and is owed there, to the last digit', async (borrower) => {
    const { trader, margin, world } = borrower;
    const { asset } = world.loan;
    await bringCollateral(borrower);
    const before = await trader.balance(asset, world.wallet);
    const { amount } = done(await margin.borrow({ ...world.loan, wallet: world.wallet }));
    expect(decimal(amount).lte(decimal(world.loan.amount)), 'no more than was asked for').toBe(true);
    const after = await trader.balance(asset, world.wallet);
    expect(after.free).toBe(decimalText(decimal(before.free).plus(decimal(amount))));
    const debt = await debtOf(borrower);
    expect(debt.principal).toBe(amount);
    expect(after.owed).toBe(decimalText(decimal(debt.principal).plus(decimal(debt.interest))));
  });

  card('M05 beyond what is owed nothing is repaid, and what was refused moved nothing', async (borrower) => {
    const { trader, margin, world } = borrower;
    await bringCollateral(borrower);
    const { amount } = done(await margin.borrow({ ...world.loan, wallet: world.wallet }));
    const before = inOrder(await trader.broker.balances());
    const tooMuch = decimalText(decimal(amount).times(decimal('2')));
    const outcome = await margin.repay({ ...world.loan, amount: tooMuch, wallet: world.wallet });
    expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(/\w/) });
    expect(inOrder(await trader.broker.balances())).toEqual(before);
  });

  card('M06 a loan is repaid in parts, and then nothing is owed', async (borrower) => {
    const { trader, margin, world } = borrower;
    const { asset } = world.loan;
    const { wallet } = world;
    await bringCollateral(borrower);
    const { amount } = done(await margin.borrow({ ...world.loan, wallet }));
    // Interest is owed beside the loan: something of the asset must be there to pay it.
    await bringAsset(borrower);
    const step = decimal(await margin.stepOf(asset));
    const half = decimalText(truncateToStep(decimal(amount).div(decimal('2')), step));
    const owedBefore = decimal((await trader.balance(asset, wallet)).owed);
    done(await margin.repay({ asset, amount: half, wallet }), half);
    const owed = (await trader.balance(asset, wallet)).owed;
    expect(owed).toBe(decimalText(owedBefore.minus(decimal(half))));
    done(await margin.repay({ asset, amount: owed, wallet }), owed);
    expect((await margin.debts()).filter((debt) => debt.asset === asset && debt.wallet === wallet)).toEqual(
      [],
    );
    expect((await trader.balance(asset, wallet)).owed).toBe('0');
  });

  card('M07 an asset that nobody lends is refused as that, and changes nothing', async (borrower, skip) => {
    const { trader, margin, world } = borrower;
    if (world.withoutLender === undefined) return skip('its stand-in lends everything');
    await bringCollateral(borrower);
    const before = inOrder(await trader.broker.balances());
    const loan = { asset: world.withoutLender, amount: world.loan.amount, wallet: world.wallet };
    expect(await margin.borrow(loan)).toMatchObject({ outcome: 'rejected', why: 'no-lender' });
    expect(inOrder(await trader.broker.balances())).toEqual(before);
  });

  card(
    'M08 without anything to cover it nothing is lent, nor nothing, nor from nowhere',
    async ({ trader, margin, world }) => {
      const before = inOrder(await trader.broker.balances());
      const loan = { ...world.loan, wallet: world.wallet };
      expect(await margin.borrow(loan)).toMatchObject({ outcome: 'rejected', why: 'too-much' });
      for (const wrong of [
        { ...loan, amount: '0' },
        { ...loan, amount: '-1' },
        { ...loan, wallet: 'no-such-wallet' },
      ]) {
        expect(await margin.borrow(wrong), JSON.stringify(wrong)).toMatchObject({ outcome: 'rejected' });
        expect(await margin.repay(wrong), JSON.stringify(wrong)).toMatchObject({ outcome: 'rejected' });
      }
      expect(inOrder(await trader.broker.balances())).toEqual(before);
    },
  );

  card('M09 what may leave a wallet is what the broker lets leave it', async (borrower) => {
    const { trader, margin, world } = borrower;
    const { asset, amount } = world.collateral;
    await bringCollateral(borrower);
    const route = { asset, from: world.wallet, to: trader.firstWallet };
    expect(await margin.maxTransferable(route), 'without a loan: all of it').toBe(
      decimalText(decimal(amount)),
    );
    // Half of the collateral: what is left cannot all be missed.
    const { free } = await trader.balance(asset, world.wallet);
    done(await margin.borrow({ ...world.loan, wallet: world.wallet }));
    const most = decimal(await margin.maxTransferable(route));
    expect(most.lt(decimal(free)), 'the loan has to stay covered').toBe(true);
    expect(most.gte(zero)).toBe(true);
    const tooMuch = decimalText(decimal((await trader.balance(asset, world.wallet)).free));
    expect(await margin.transfer({ ...route, amount: tooMuch })).toMatchObject({ outcome: 'rejected' });
    if (most.gt(zero))
      done(await margin.transfer({ ...route, amount: decimalText(most) }), decimalText(most));
  });

  card(
    'M10 every movement is in the broker’s records once, under the id that it was answered with',
    async (borrower) => {
      const { trader, margin, world } = borrower;
      const { wallet, loan } = world;
      const transferred = done(await bringCollateral(borrower));
      const borrowed = done(await margin.borrow({ ...loan, wallet }));
      const step = decimal(await margin.stepOf(loan.asset));
      const half = decimalText(truncateToStep(decimal(borrowed.amount).div(decimal('2')), step));
      const repaid = done(await margin.repay({ asset: loan.asset, amount: half, wallet }));
      const records = await margin.movementsSince(new Date(0));
      expect(new Set(records.map(({ id }) => id)).size, 'no id is given twice').toBe(records.length);
      expect(recordOf(records, transferred.id)).toMatchObject({
        kind: 'transfer',
        asset: world.collateral.asset,
        amount: transferred.amount,
        wallet: trader.firstWallet,
        to: wallet,
      });
      expect(recordOf(records, borrowed.id)).toMatchObject({
        kind: 'borrow',
        asset: loan.asset,
        amount: borrowed.amount,
        wallet,
        to: null,
      });
      expect(recordOf(records, repaid.id)).toMatchObject({
        kind: 'repay',
        asset: loan.asset,
        amount: repaid.amount,
        wallet,
        to: null,
      });
      const times = records.map(({ at }) => at.getTime());
      expect(times, 'oldest first').toEqual(times.toSorted((a, b) => a - b));
      const newest = records.at(-1);
      expect((await margin.movementsSince(newest?.at ?? new Date(0))).map(({ id }) => id)).toContain(
        newest?.id,
      );
      expect(await margin.movementsSince(new Date((newest?.at.getTime() ?? 0) + 1))).toEqual([]);
    },
  );

  card('M11 a loan costs interest, which is owed, and which the records show', async (borrower, skip) => {
    const { trader, margin, world } = borrower;
    if (!world.passHours) return skip('its stand-in has no clock to move');
    const { wallet, loan } = world;
    await bringCollateral(borrower);
    done(await margin.borrow({ ...loan, wallet }));
    const before = await debtOf(borrower);
    await world.passHours(48);
    const debt = await debtOf(borrower);
    expect(debt.principal).toBe(before.principal);
    expect(decimal(debt.interest).gt(decimal(before.interest)), 'two days are not for nothing').toBe(true);
    expect((await trader.balance(loan.asset, wallet)).owed).toBe(
      decimalText(decimal(debt.principal).plus(decimal(debt.interest))),
    );
    const charged = (await margin.movementsSince(new Date(0))).filter(
      ({ kind, asset }) => kind === 'interest' && asset === loan.asset,
    );
    const sum = charged.reduce((all, { amount }) => all.plus(decimal(amount)), zero);
    expect(decimalText(sum), 'all that is owed beyond the loan was charged').toBe(debt.interest);
  });

  card('M12 an order trades from the wallet that it names, and nowhere else', async (borrower, skip) => {
    const { trader, world } = borrower;
    const { broker, symbol } = trader;
    const { asset, currency } = await broker.resolve(symbol);
    if (world.collateral.asset !== currency) return skip('the collateral buys nothing');
    await bringCollateral(borrower);
    const elsewhere = await trader.money();
    const order = await trader.trade('m12', 'buy', trader.lots('1'), world.wallet);
    expect(total(order.fills)).toBe(trader.lots('1'));
    for (const fill of order.fills) expect(fill).toMatchObject({ wallet: world.wallet, asset });
    expect(await trader.money(), 'the first wallet did not trade').toEqual(elsewhere);
    expect((await trader.held()).eq(zero)).toBe(true);
    expect((await trader.held(world.wallet)).gt(zero)).toBe(true);
  });

  card('M13 loans and records outlive the desk', async (borrower) => {
    const { trader, margin, world } = borrower;
    await bringCollateral(borrower);
    done(await margin.borrow({ ...world.loan, wallet: world.wallet }));
    const [debts, records] = [await margin.debts(), await margin.movementsSince(new Date(0))];
    await trader.broker.disconnect();
    const again = await trader.world.restart();
    await again.connect();
    expect(await again.margin?.debts()).toEqual(debts);
    expect(await again.margin?.movementsSince(new Date(0))).toEqual(records);
    await again.disconnect();
  });
}

function done(outcome: MovementOutcome, amount?: string) {
  expect(outcome).toMatchObject({ outcome: 'done', ...(amount !== undefined && { amount }) });
  if (outcome.outcome !== 'done') throw new Error(outcome.reason);
  return outcome;
}

function bringCollateral({ trader, margin, world }: Borrower): Promise<MovementOutcome> {
  return margin.transfer({ ...world.collateral, from: trader.firstWallet, to: world.wallet });
}

/** Buys a lot of what is owed in its wallet, where it is the instrument and not its money. */
async function bringAsset({ trader, world }: Borrower): Promise<void> {
  const { asset } = await trader.broker.resolve(trader.symbol);
  if (world.loan.asset === asset) await trader.trade('interest', 'buy', trader.lots('1'), world.wallet);
}

async function debtOf({ margin, world }: Borrower) {
  const debts = await margin.debts();
  const debt = debts.find(({ asset, wallet }) => asset === world.loan.asset && wallet === world.wallet);
  if (!debt) throw new Error(`no ${world.loan.asset} is owed in ${world.wallet}`);
  return debt;
}

function recordOf(records: readonly Movement[], id: string): Movement {
  const found = records.filter((record) => record.id === id);
  expect(found, `the record ${id}`).toHaveLength(1);
  const [record] = found;
  if (!record) throw new Error(`there is no record ${id}`);
  return record;
}
