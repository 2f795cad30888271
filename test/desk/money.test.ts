/** A trader's day by command: buy, look, sell a part, close, cancel, and read what came of it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { startDesk, type TestDesk } from '../support/desk.ts';

/** The newest file of this name that the terminal saved. */
async function saved(desk: TestDesk, ending: string): Promise<string> {
  const folder = join(desk.config.dataFolder, 'attachments');
  const name = (await readdir(folder))
    .filter((each) => each.endsWith(ending))
    .sort()
    .at(-1);
  if (name === undefined) throw new Error(`no file ends with ${ending}`);
  return readFile(join(folder, name), 'utf8');
}

/** Asks, confirms, and waits for what is said then. */
async function done(desk: TestDesk, line: string, said: string | RegExp): Promise<void> {
  const before = desk.printed().length;
  desk.type(line);
  await vi.waitFor(() => expect(desk.printed().slice(before)).toContain('Confirm until'), {
    timeout: 45_000,
    interval: 20,
  });
  desk.type('1');
  await desk.shows(said);
}

describe('trading by command', () => {
  it('buys after showing price, worth and fee, and says what came of it', async () => {
    const desk = await startDesk();
    desk.type('/buy demo SP500 3');
    await desk.shows('Buy 3 SP500 for demo, PAPER?');
    await desk.shows(/Price now +2,876\.00[\s\S]*Worth +8,627\.99 USD[\s\S]*Fee, expected +8\.63 USD/);
    expect(desk.printed()).not.toContain('Bought');
    desk.type('1');
    await desk.shows('Bought 3 SP500, demo, PAPER');
    await desk.shows('Trade by console for demo');
    desk.type('/positions');
    await desk.shows(
      /3 SP500 long · demo, PAPER\n2,876\.00 → 2,874\.56 · 8,623\.68 USD\n🔴 -4\.31 USD -0\.05%/,
    );
    desk.type('/fills');
    await desk.shows(/Bought 3 SP500 at 2,876\.00 USD\nfee 8\.63 USD · demo, PAPER/);
  });

  it('sells a part, closes the rest from a button, and knows the profit to the cent', async () => {
    const desk = await startDesk();
    await done(desk, '/buy demo SP500 3', 'Bought 3 SP500, demo, PAPER');
    await done(desk, '/sell demo SP500 1', 'Sold 1 SP500, demo, PAPER');
    await desk.shows(/🔴 -5\.75 USD after the fees of the exit, 🔴 -2\.87 USD before them/);
    desk.type('/positions demo');
    await desk.shows('2 SP500 long');
    desk.type('1');
    await desk.shows('Close 2 SP500 for demo, PAPER?');
    await desk.shows(/Held +2 at 2,876\.00[\s\S]*Profit, before fees +🔴 -5\.75 USD -0\.10%/);
    desk.type('1');
    await desk.shows('Sold 2 SP500, demo, PAPER');
    // What every chat hears of it: what the trade brought.
    await desk.shows(/Trade by console for demo, PAPER\n[\s\S]*SP500: 🔴 -25\.87 USD -0\.30% net/);
    desk.type('/positions');
    await desk.shows('Nothing is open.');
    desk.type('/trade list');
    await desk.shows(/One closed trade\n\n🔴 -25\.87 USD -0\.30%\nSP500 long · demo, PAPER/);
    desk.type('/profit all');
    await desk.shows(/PAPER\nRealised, net: 🔴 -25\.87 USD\nOpen now: ⚪ 0\.00 USD/);
    desk.type('/performance');
    await desk.shows(/demo, PAPER\n🔴 -25\.87 USD in 1 trade\nWins 0\.0% \(0 won, 1 lost\)/);
    desk.type('/balance');
    await desk.shows(/PAPER\n99,974\.12\d* USD ✓/);
  });

  it('refuses before it asks: without the money, without a size, with the wrong currency, nothing to close', async () => {
    const desk = await startDesk();
    desk.type('/buy demo SP500 30');
    await desk.shows('but the book "demo" has 10,000.00 USD.');
    desk.type('/buy demo SP500 many');
    await desk.shows(
      '"many" is no size. Write a quantity such as 3, a part such as 10%, or money such as 500 USD.',
    );
    desk.type('/buy demo SP500 "500 EUR"');
    await desk.shows('The book is in USD, not in EUR.');
    desk.type('/close demo SP500');
    await desk.shows('The book "demo" has no position in SP500. Open there: nothing.');
    desk.type('/suspend entries demo reason=news');
    await desk.shows('demo is suspended');
    desk.type('/buy demo SP500 1');
    await desk.shows(/The book "demo" is suspended \(entries\) by console/);
    expect(desk.printed()).not.toContain('Confirm until');
  });

  it('refuses beyond a limit, and lets what is open go all the same', async () => {
    const desk = await startDesk({ book: { limits: { order: 3000 } } });
    desk.type('/buy demo SP500 2');
    await desk.shows('an order may be worth 3,000.00 USD, by the limits of demo.');
    await done(desk, '/buy demo SP500 1', 'Bought 1 SP500');
    await done(desk, '/close demo SP500', 'Sold 1 SP500');
  });

  it('shows an order that waits for its price, and cancels it', async () => {
    const desk = await startDesk();
    await done(desk, '/buy demo SP500 1 price=2000 open_for=3600', /In hand: buy 1 SP500 at limit 2000/);
    desk.type('/orders');
    await desk.shows('Buy 1 SP500 at 2,000.00 or better for demo, PAPER?');
    await desk.shows(/buy 1 SP500 at 2,000\.00 or better\nopen · demo, PAPER/);
    desk.type('1');
    await desk.shows('Cancel this order of demo, PAPER?');
    desk.type('1');
    await desk.shows('Cancelled: buy 1 SP500 at 2,000.00 or better, demo, PAPER');
    await desk.shows(/Trade by console for demo[\s\S]*Nothing was traded\./);
  });

  it('gives every record as a file', async () => {
    const desk = await startDesk();
    await done(desk, '/buy demo SP500 2', 'Bought 2 SP500');
    await done(desk, '/close demo SP500', 'Sold 2 SP500');
    for (const kind of ['performance', 'trades', 'orders', 'fills', 'ledger', 'operations', 'equity']) {
      desk.type(`/report ${kind} book=demo`);
      await desk.shows(new RegExp(`saved .*${kind}.*\\.csv`));
    }
    expect(await saved(desk, 'performance-summary.csv')).toMatch(
      /^Strategy,Instance,Date From,Date To,Records Count,PnL,/,
    );
    const orders = await saved(desk, 'orders-demo.csv');
    expect(orders.split('\r\n')[1], 'the newest first').toContain('sell');
    expect(await saved(desk, 'equity.csv')).toMatch(/\r\n20\d\d-\d\d-\d\d,demo,paper,USD,10000,99\d\d\./);
    desk.type('/report signals book=demo');
    await desk.shows('Signals: none in this period.');
  });
});
