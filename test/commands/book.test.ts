import { describe, expect, it } from 'vitest';
import { book } from '../../commands/book.ts';
import type { Action, CommandContext } from '../../commands/command.ts';
import type { Content, Reply } from '../../commands/reply.ts';
import { plainText } from '../../commands/reply.ts';
import { Times } from '../../commands/times.ts';
import { bookSettings } from '../../engine/bank/book.ts';
import { Desk } from '../../engine/desk.ts';
import { decimal, zero } from '../../engine/money.ts';
import { ManualClock } from '../support/clock.ts';
import { buildTrading, demoBook } from '../support/trading.ts';

const other = bookSettings.parse({ ...demoBook, name: 'other', capital: '500' });

async function openDesk() {
  const { books, brokers, broker, executor } = await buildTrading({ books: [demoBook, other] });
  // Of the desk, these commands use nothing but its books and what is open of them.
  const plans = { names: () => ['daily'], settings: () => ({ book: 'other' }) };
  const parts = { booksOfDesk: books, brokers, executor, plans, paper: new Set([broker.name]) };
  const desk = new Desk(parts as unknown as ConstructorParameters<typeof Desk>[0]);
  const times = new Times('UTC', new ManualClock());
  const context = { desk, times, caller: { name: 'ann', role: 'admin' } } as unknown as CommandContext;
  return { books, context, broker, executor };
}

function actionOf(name: string): Action {
  const found = 'subcommands' in book.body ? book.body.subcommands[name] : undefined;
  if (!found) throw new Error(`there is no /book ${name}`);
  return found;
}

async function confirmed(
  context: CommandContext,
  name: string,
  options: Record<string, string>,
): Promise<string> {
  return wordsOf((await actionOf(name).confirm?.(context, options)) ?? {});
}

async function ran(context: CommandContext, name: string, options: Record<string, string>): Promise<string> {
  return wordsOf((await actionOf(name).run(context, options)) as Reply);
}

function wordsOf({ title = '', text = [], fields = [] }: Content): string {
  return [title, plainText(text), ...fields.map(({ name, value }) => `${name}: ${value}`)].join('\n');
}

describe('/book', () => {
  it('lets only admins touch money, and marks what they do for the audit', () => {
    for (const name of ['deposit', 'withdraw', 'move', 'activate', 'deactivate'])
      expect(actionOf(name), name).toMatchObject({ role: 'admin', acts: true });
    for (const name of ['deposit', 'withdraw', 'move', 'activate'])
      expect(actionOf(name).confirm, `${name} asks first`).toBeDefined();
  });

  it('says before a deposit what there is and will be, and that the money has to be sent', async () => {
    const { context, books } = await openDesk();
    const question = await confirmed(context, 'deposit', { book: 'demo', amount: '250.5' });
    expect(question).toContain('Deposit 250.5 USD into demo?');
    expect(question).toContain('Send it there');
    expect(question).toContain('Capital: 10,000.00 USD → 10,250.50 USD');
    expect((await books.show('demo')).cash, 'nothing is booked by the question').toBe('10000');
    expect(await ran(context, 'deposit', { book: 'demo', amount: '250.5' })).toContain(
      'Capital: 10,000.00 USD → 10,250.50 USD',
    );
    expect((await books.show('demo')).cash).toBe('10250.5');
  });

  it('says that a deposit comes from what belongs to no book, where there is enough of it', async () => {
    const { context, books } = await openDesk();
    await books.openAccount('paper', [
      { wallet: 'account', asset: 'USD', held: decimal('100000'), owed: zero },
    ]);
    const question = await confirmed(context, 'deposit', { book: 'demo', amount: '250' });
    expect(question).toContain('It comes from the 89,500.00 USD at paper that belong to no book.');
  });

  it('refuses a withdrawal beyond what is free before it asks', async () => {
    const { context } = await openDesk();
    await expect(confirmed(context, 'withdraw', { book: 'demo', amount: '10001' })).rejects.toThrow(
      'The book "demo" can give away at most 10000 USD',
    );
    expect(await confirmed(context, 'withdraw', { book: 'demo', amount: '1000' })).toContain(
      'Available: 10,000.00 USD → 9,000.00 USD',
    );
    expect(await ran(context, 'withdraw', { book: 'demo', amount: '1000' })).toContain('Withdrew 1,000 USD');
  });

  it('lets no money go that an order at the broker will take', async () => {
    const { context, broker, executor } = await openDesk();
    await broker.connect();
    await executor.execute({
      key: { source: 'test', book: 'demo', leg: 'buy', sequence: 1 },
      ...{ symbol: 'ACME', side: 'buy', quantity: '900', purpose: 'entry', resting: true },
      terms: { type: 'limit', limitPrice: '9' },
      askedAt: new Date().toISOString(),
    });
    const promised = 'not in use or kept for its open orders (8100 USD). Take less, or cancel orders';
    await expect(confirmed(context, 'withdraw', { book: 'demo', amount: '1901' })).rejects.toThrow(
      'The book "demo" can give away at most 1900 USD',
    );
    await expect(ran(context, 'withdraw', { book: 'demo', amount: '1901' })).rejects.toThrow(promised);
    const move = { from: 'demo', to: 'other', amount: '1901' };
    await expect(confirmed(context, 'move', move)).rejects.toThrow(promised);
    await expect(ran(context, 'move', move)).rejects.toThrow(promised);
    expect(await ran(context, 'withdraw', { book: 'demo', amount: '1900' })).toContain('Withdrew 1,900 USD');
  });

  it('refuses what is no amount, in words', async () => {
    const { context } = await openDesk();
    for (const amount of ['-5', '0', 'all', '1,000'])
      await expect(confirmed(context, 'deposit', { book: 'demo', amount })).rejects.toThrow(
        `"${amount}" is no amount of USD. Write it as 250 or 99.50.`,
      );
  });

  it('moves money between books, and says what both have before and after', async () => {
    const { context, books } = await openDesk();
    const options = { from: 'demo', to: 'other', amount: '2000' };
    const question = await confirmed(context, 'move', options);
    expect(question).toContain('Capital of demo: 10,000.00 USD → 8,000.00 USD');
    expect(question).toContain('Capital of other: 500.00 USD → 2,500.00 USD');
    expect(await ran(context, 'move', options)).toContain('Moved 2,000 USD from demo to other');
    expect((await books.list()).map(({ cash }) => cash)).toEqual(['8000', '2500']);
  });

  it('says amounts in cents, but shows the smallest one that is moved', async () => {
    const { context } = await openDesk();
    await ran(context, 'withdraw', { book: 'demo', amount: '17.247364236' });
    expect(await ran(context, 'move', { from: 'demo', to: 'other', amount: '0.5' })).toMatch(
      /Capital of demo: 9,982\.75 USD → 9,982\.25 USD[\s\S]*Capital of other: 500\.00 USD → 500\.50 USD/,
    );
    const least = await confirmed(context, 'move', { from: 'demo', to: 'other', amount: '0.001' });
    expect(least).toContain('Move 0.001 USD from demo to other?');
    expect(least).toContain('Capital of other: 500.500 USD → 500.501 USD');
  });

  it('says before a book takes entries again whose they are, and asks nothing of one that does', async () => {
    const { context, books } = await openDesk();
    for (const book of ['demo', 'other']) await books.setActive(book, false);
    const question = await confirmed(context, 'activate', { book: 'demo' });
    expect(question).toContain('Activate demo, PAPER?');
    expect(question).toContain('It takes new entries again, of its alerts and by hand.');
    expect(question).toContain('Available: 10,000.00 USD');
    expect(await books.isActive('demo'), 'nothing is done by the question').toBe(false);
    await books.suspend({ scope: 'entries', book: null, by: 'bob', reason: 'news' });
    const ofPlan = await confirmed(context, 'activate', { book: 'other' });
    expect(ofPlan).toContain('of the plan daily and by hand');
    expect(ofPlan).toMatch(/It stays suspended\. Entries are stopped by bob since .*: news\./);
    await books.setActive('demo', true);
    await expect(confirmed(context, 'activate', { book: 'demo' })).rejects.toThrow(
      'The book "demo" is active already, but it is suspended: /resume lifts that.',
    );
  });

  it('takes a book out of entries and back, and says when it is suspended all the same', async () => {
    const { context, books } = await openDesk();
    expect(await ran(context, 'deactivate', { book: 'demo' })).toContain('no new entries, exits go on');
    expect(await books.isActive('demo')).toBe(false);
    await books.suspend({ scope: 'all', book: 'demo', by: 'bob', reason: 'news' });
    expect(await ran(context, 'activate', { book: 'demo' })).toContain('active, but still suspended');
    expect(await books.isActive('demo')).toBe(true);
  });

  it('shows what is owed and what interest took only where there is some', async () => {
    const { context, books } = await openDesk();
    expect(await ran(context, 'show', { book: 'demo' })).not.toMatch(/Owed|Interest|Pool/);
    const movement = { book: 'demo', broker: 'paper', asset: 'ADA', wallet: 'account', to: null } as const;
    await books.postMovement({ ...movement, cause: 'b', kind: 'borrow', amount: '120' });
    await books.postMovement({ ...movement, cause: 'i', kind: 'interest', amount: '0.0203' });
    const shown = await ran(context, 'show', { book: 'demo' });
    expect(shown).toContain('Owed to the broker: 120.0203 ADA');
    expect(shown).toContain('Interest: 0.0203 ADA');
    expect(shown).toContain('Without a price, not in the equity: -0.0203 ADA');
  });
});
