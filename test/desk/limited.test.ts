/** Somebody who is limited to a book sees of runs, orders by hand, tasks and the state of the desk what is of that book. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startDesk, type TestDesk } from '../support/desk.ts';
import { startTelegram } from '../support/telegram/index.ts';

const bookByHand = { currency: 'USD', capital: '5000', broker: 'depot', handler: { name: 'order' } };

/** Tom, who may look at `mine`; it is traded by hand in an account that it shares with `theirs`. */
async function deskOfTom(limits: { readonly role?: string; readonly books?: readonly string[] } = {}) {
  const telegram = await startTelegram({ limited: false });
  onTestFinished(() => telegram.close());
  const tom = telegram.user('tom');
  const desk = await startDesk({
    endpoints: { telegramApi: telegram.apiRoot },
    desk: {
      users: [{ name: 'tom', role: 'viewer', telegram: tom.id, books: ['mine'], ...limits }],
      platforms: { console: {}, telegram: { token: telegram.token } },
      brokers: {
        paper: { type: 'paper', source: 'demo', balances: { USD: '100000' } },
        depot: { type: 'manual', source: 'demo', balances: { USD: '25000' } },
      },
    },
    books: {
      mine: { ...bookByHand, key: 'mine-key-1234' },
      theirs: { ...bookByHand, key: 'theirs-key-1234' },
    },
  });
  return { desk, tom };
}

async function runOf(desk: TestDesk, line: string, id: RegExp): Promise<string> {
  const before = desk.printed().length;
  desk.type(line);
  await vi.waitUntil(() => id.test(desk.printed().slice(before)), { timeout: 30_000 });
  return id.exec(desk.printed().slice(before))?.[1] ?? '';
}

describe('somebody who is limited to a book', () => {
  it('sees the backtests that they asked for, and no others', { timeout: 60_000 }, async () => {
    const { desk, tom } = await deskOfTom();
    const others = await runOf(desk, '/backtest sma_cross SP500 from=2019-01-01', /Saved as (run-\w+)/);
    tom.says('/backtest sma_cross SP500 from=2019-06-01');
    const { text } = await tom.chat.shows(/Saved as run-/);
    const own = /run-[0-9a-f]+/.exec(text)?.[0] ?? '';
    tom.says(`/run show ${others}`);
    await tom.chat.shows(`You are limited to the books mine, and run ${others} is not among them.`);
    tom.says(`/run compare ${own} ${others}`);
    await tom.chat.shows(`other ${others} is not among them`);
    tom.says(`/run show ${own.replace('run-', '')}`);
    await tom.chat.shows('2019-06-01 to the newest');
  });

  it('need not name the only book that they can mean, unless they act', { timeout: 60_000 }, async () => {
    const { desk, tom } = await deskOfTom({ role: 'trader', books: ['demo'] });
    await desk.alert('demo', { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 });
    await desk.shows('Bought 1 SP500');
    for (const line of ['/positions', '/close']) {
      const before = tom.chat.messages.length;
      tom.says(line);
      await vi.waitFor(
        () => expect(tom.chat.messages.slice(before).at(-1)?.text).toContain('1 SP500 long · demo, PAPER'),
        { timeout: 15_000 },
      );
    }
    tom.says('/orders');
    await tom.chat.shows('No order is open.');
    tom.says('/suspend entries');
    await tom.chat.shows('without book this concerns the whole desk');
  });

  it('of several books has to name one', async () => {
    const { tom } = await deskOfTom({ role: 'trader', books: ['mine', 'demo'] });
    tom.says('/positions');
    await tom.chat.shows('without book this concerns the whole desk');
  });

  it('sees no run of a plan that trades for another book', { timeout: 60_000 }, async () => {
    const { desk, tom } = await deskOfTom();
    desk.confirms('/plan run demo');
    await vi.waitUntil(() => desk.printed().includes('New orders: 3.'), { timeout: 40_000 });
    const run = await runOf(desk, '/run list plan=demo', /(\S+) {2}momentum_rotation/);
    tom.says(`/run show ${run}`);
    await tom.chat.shows(`run ${run} is not among them`);
  });

  it('is shown what their book wants done by hand, and not what another one wants in the same account', async () => {
    const { desk, tom } = await deskOfTom();
    const order = { action: 'buy', symbol: 'AMBR' };
    await desk.alert('mine', { ...order, key: 'mine-key-1234', quantity: 2 });
    await desk.alert('theirs', { ...order, key: 'theirs-key-1234', quantity: 3 });
    desk.type('/manual list');
    await vi.waitFor(
      () => {
        if (/buy 2 AMBR[\s\S]*buy 3 AMBR|buy 3 AMBR[\s\S]*buy 2 AMBR/.test(desk.printed())) return;
        desk.type('/manual list');
        throw new Error('both orders are not there yet');
      },
      { timeout: 45_000, interval: 200 },
    );
    tom.says('/manual list');
    const { text } = await tom.chat.shows('buy 2 AMBR');
    expect(text).not.toContain('buy 3 AMBR');
  });

  it('is not told of tasks, which belong to the whole desk', async () => {
    const { desk, tom } = await deskOfTom();
    for (const line of ['/task list', '/task history']) {
      const before = tom.chat.messages.length;
      tom.says(line);
      await vi.waitFor(
        () =>
          expect(
            tom.chat.messages
              .slice(before)
              .map((each) => each.text)
              .join(),
          ).toContain('concerns the whole desk'),
        { timeout: 45_000 },
      );
    }
    desk.type('/task enable morning');
    await desk.shows('morning is enabled');
    desk.type('/job list');
    await desk.shows(/task morning/);
    tom.says('/job list');
    const { text } = await tom.chat.shows('reconcile');
    expect(text).not.toContain('task morning');
    expect(text, 'of a plan for another book').not.toContain('plan demo');
  });

  it('reads in /status of their books, brokers and signals, and of nobody else’s', async () => {
    const { desk, tom } = await deskOfTom();
    await desk.alert('theirs', { key: 'theirs-key-1234', action: 'buy', symbol: 'AMBR', quantity: 3 });
    desk.type('/status');
    await desk.shows(/Books +4[\s\S]*Next jobs +plan demo/);
    expect(desk.printed()).toMatch(/Signals in hand +1/);
    tom.says('/status');
    const { text } = await tom.chat.shows('Signals in hand');
    expect(text).toMatch(/Brokers:? *\n?depot ready/);
    expect(text).not.toContain('paper');
    expect(text).not.toContain('plan demo');
    expect(text).toMatch(/Signals in hand:? *\n?0/);
    expect(text).toMatch(/Books:? *\n?1/);
  });
});
