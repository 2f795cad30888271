/** Acting in the market by command, and what is told of it afterwards. */
import { expect } from 'vitest';
import { confirm, fileText, pick, script } from './script.ts';

export const trading = [
  script('buy', 'restates the price before it buys, and tells what came of it', async ({ tom }) => {
    await tom.types('/buy demo SP500 2', {
      shows: [/Buy 2 SP500 for demo, PAPER\?/, /Confirm until \d\d:\d\d/],
      fields: { 'Price now': '2,876.00', Worth: '5,751.99 USD', 'Fee, expected': '5.75 USD' },
      buttons: confirm,
      tone: 'warning',
    });
    await tom.presses('Confirm', {
      shows: ['Bought 2 SP500, demo, PAPER', 'Bought 2 SP500 at 2,876.00 USD'],
      tone: 'success',
    });
  }),
  script('buy', 'refuses what the book cannot pay, before it asks anything', async ({ tom }) => {
    await tom.types('/buy demo SP500 30', {
      shows: ['but the book "demo" has'],
      buttons: [],
      tone: 'danger',
    });
  }),
  script('positions', 'shows what is open, with a button that closes it', async ({ tom, vera }) => {
    await vera.types('/positions', { shows: ['2 SP500 long · demo, PAPER', /🔴 -\d+\.\d\d USD/] });
    await tom.types('/positions demo', { buttons: ['Close SP500'] });
    await tom.presses('Close SP500', { shows: ['Close 2 SP500 for demo, PAPER?'], buttons: confirm });
    await tom.presses('Cancel', { shows: ['Cancelled: /close', 'was not done'] });
  }),
  script('sell', 'sells a part and says what it brought', async ({ tom }) => {
    await tom.types('/sell demo SP500 50%', {
      shows: ['Sell 1 SP500 for demo, PAPER?'],
      fields: { Held: '2 at 2,876.00' },
      buttons: confirm,
    });
    await tom.presses('Confirm', {
      shows: ['Sold 1 SP500, demo, PAPER', /🔴 -5\.75 USD after the fees of the exit/],
      tone: 'success',
    });
  }),
  script('close', 'closes a position after showing what it would bring', async ({ tom, vera }) => {
    await tom.types('/close demo SP500', {
      shows: ['Close 1 SP500 for demo, PAPER?'],
      fields: { 'Profit, before fees': /^🔴 -\d/ },
      buttons: confirm,
      tone: 'warning',
    });
    await tom.presses('Confirm', { shows: ['Sold 1 SP500, demo, PAPER'] });
    await vera.types('/positions', { shows: ['Nothing is open.'] });
  }),
  script(
    'orders, cancel',
    'an order that waits for its price is seen, and cancelled',
    async ({ tom, vera }) => {
      await tom.types('/buy demo SP500 1 price=2000 open_for=3600', { shows: ['at 2,000.00 or better'] });
      await tom.presses('Confirm', { shows: ['In hand: buy 1 SP500 at limit 2000'] });
      const open = await tom.types('/orders', {
        shows: ['buy 1 SP500 at 2,000.00 or better', 'open · demo, PAPER'],
        buttons: ['Cancel buy 1 SP500'],
      });
      const id = pick(open, /open · demo, PAPER · .* · ([0-9a-f]{8})/);
      await tom.types(`/cancel ${id}`, { shows: ['Cancel this order of demo, PAPER?'], buttons: confirm });
      await tom.presses('Confirm', { shows: ['Cancelled: buy 1 SP500 at 2,000.00 or better'] });
      await vera.types('/orders', { shows: ['No order is open.'], buttons: ['The newest orders'] });
      await vera.presses('The newest orders', { shows: ['cancelled'] });
    },
  ),
  script('fills', 'shows the newest first, with price and fee', async ({ vera }) => {
    await vera.types('/fills demo count=1', {
      shows: ['Sold 1 SP500 at 2,873.12 USD', 'fee 2.87 USD · demo, PAPER'],
      lacks: ['Bought'],
    });
  }),
  script('trade list, trade show', 'a closed trade is listed and shown with its costs', async ({ vera }) => {
    await vera.types('/trade list demo', {
      shows: ['One closed trade', /🔴 -17\.25 USD -0\.30%/, 'SP500 long · demo, PAPER'],
      buttons: ['1. SP500 -17.25', 'All as CSV'],
    });
    await vera.presses('1. SP500 -17.25', {
      shows: ['SP500 long, demo, PAPER', 'Bought 2 SP500 at 2,876.00'],
      fields: { Net: /^🔴 -17\.25 USD/, Fees: '11.50 USD' },
    });
    const all = await vera.types('/report trades book=demo', { files: ['trades-demo.csv'] });
    const id = pick({ ...all, text: fileText(all, '.csv') }, /(fill:paper:[^",\r\n]+)/);
    await vera.types(`/trade show ${id}`, { shows: ['SP500 long, demo, PAPER'] });
  }),
  script('suspend, resume', 'no entries until somebody resumes', async ({ tom, vera }) => {
    await tom.types('/suspend entries demo reason=“out for lunch”', {
      shows: ['demo is suspended. No new entries; exits go on.'],
      tone: 'warning',
    });
    await tom.types('/buy demo SP500 1', {
      shows: [`The book "demo" is suspended (entries) by ${tom.name}`],
      tone: 'danger',
    });
    await vera.types('/book show demo', { shows: ['out for lunch'] });
    await tom.types('/resume demo', {
      shows: [
        'End the suspension of demo, PAPER?',
        `Entries are stopped by ${tom.name} since `,
        ': out for lunch.',
      ],
      buttons: confirm,
      tone: 'warning',
    });
    await tom.presses('Confirm', { shows: ['demo trades again.'], tone: 'success' });
    await tom.types('/resume demo', { shows: ['The book "demo" is not suspended.'], tone: 'danger' });
    await tom.types('/buy demo SP500 1', { shows: ['Buy 1 SP500 for demo, PAPER?'] });
    await tom.presses('Confirm', { shows: ['Bought 1 SP500, demo, PAPER'] });
  }),
  script('panic', 'closes everything of a book after showing what that is', async ({ tom, vera }) => {
    await tom.types('/panic demo flatten=yes reason=drill', {
      shows: ['Panic, and close everything?', '1 SP500', /2,?874\.56/],
      buttons: confirm,
      tone: 'warning',
    });
    await tom.presses('Confirm', { shows: ['demo makes no entries', 'demo: close everything: SP500'] });
    await vera.types('/book show demo', { shows: ['entries suspended', 'drill'] });
    await tom.types('/resume demo', { shows: ['End the suspension of demo, PAPER?', 'drill'] });
    await tom.presses('Confirm', { shows: ['demo trades again.'] });
    await vera.types('/positions demo', { shows: ['Nothing is open'] });
  }),
  script('close, cancel', 'alone show what can be closed and cancelled', async ({ tom }) => {
    await tom.types('/buy demo SP500 1', { shows: ['Buy 1 SP500 for demo'] });
    await tom.presses('Confirm', { shows: ['Bought 1 SP500, demo, PAPER'] });
    await tom.types('/close', { shows: ['1 SP500 long · demo, PAPER'], buttons: ['Close SP500, demo'] });
    await tom.presses('Close SP500, demo', { shows: ['Close 1 SP500 for demo, PAPER?'] });
    await tom.presses('Cancel', { shows: ['was not done'] });
    await tom.types('/close demo', { buttons: ['Close SP500'] });
    await tom.presses('Close SP500', { shows: ['Close 1 SP500 for demo, PAPER?'] });
    await tom.presses('Confirm', { shows: ['Sold 1 SP500, demo, PAPER'] });
    await tom.types('/cancel', { shows: ['No order is open.'] });
  }),
] as const;

export const money = [
  script('balance', 'shows the broker’s figures beside those of the books', async ({ vera }) => {
    await vera.types('/balance paper', { shows: ['PAPER', /99,9\d\d\.\d+ USD.*✓/] });
    await vera.types('/balance', {
      shows: ['3 AMBR', 'the books say 0'],
      buttons: ['Differences'],
      tone: 'warning',
    });
  }),
  script('profit', 'tells what was earned, with a chart, by book and symbol', async ({ vera }) => {
    await vera.types('/profit all demo', {
      shows: [/Realised, net: 🔴 -\d+\.\d\d USD/, /SP500: 🔴 -\d/],
      files: ['.png'],
    });
    await vera.presses('month', { shows: [/Realised, net: 🔴/] });
  }),
  script('performance', 'measures the closed trades after all costs', async ({ vera }) => {
    await vera.types('/performance book=demo', {
      shows: ['Performance, after all costs', 'demo, PAPER', 'Wins 0.0%'],
      buttons: ['All figures as CSV', 'Equity'],
    });
    const summary = await vera.presses('All figures as CSV', { files: ['performance-summary.csv'] });
    expect(fileText(summary, 'performance-summary.csv')).toContain('demo');
  }),
  script('report performance', 'is a CSV with gross and net', async ({ vera }) => {
    const report = await vera.types('/report performance book=demo', { files: ['performance-summary.csv'] });
    expect(fileText(report, '.csv').split('\r\n')[0]).toMatch(/Net/);
  }),
  script('report equity', 'is a chart and a CSV', async ({ vera }) => {
    await vera.types('/report equity book=demo', {
      shows: ['demo, PAPER'],
      files: ['equity.png', 'equity.csv'],
    });
  }),
  ...(
    [
      ['trades', /SP500/],
      ['orders', /cancelled/],
      ['fills', /2873\.122778/],
      ['ledger', /USD/],
      ['operations', /demo/],
    ] as const
  ).map(([kind, content]) =>
    script(`report ${kind}`, 'is a CSV, the newest first', async ({ vera }) => {
      const report = await vera.types(`/report ${kind} book=demo`, {
        shows: ['the newest first'],
        files: [`${kind}-demo.csv`],
      });
      expect(fileText(report, '.csv')).toMatch(content);
    }),
  ),
] as const;
