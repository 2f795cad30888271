/** Questions about strategies, asked at the terminal. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startDesk, type TestDesk } from '../support/desk.ts';

const cheat = `
import { Strategy } from 'outcry';
/** Buys before the price rises. */
export default class Prophet extends Strategy {
  init() {
    this.tomorrow = this.indicator((close) => close.map((_, bar) => close[bar + 1] ?? NaN), this.data.close);
  }
  next() {
    if (this.tomorrow.last > this.data.close.last) this.buy();
    else this.position.close();
  }
}
`;

describe('the command /strategy', () => {
  it('lists what there is, also a file that does not load', async () => {
    const desk = await startDesk();
    await writeFile(join(desk.config.strategiesFolder, 'broken.ts'), 'export default class {');
    desk.type('/strategy list');
    await desk.shows(/broken {2}⚠️ broken\.ts line 1/);
    await desk.shows(/sma_cross {2}fast=10 slow=20/);
  });

  it('finds a strategy that looks ahead, and says on which bar', async () => {
    const desk = await startDesk();
    await writeFile(join(desk.config.strategiesFolder, 'prophet.js'), cheat);
    desk.type('/strategy check prophet SP500 from=2019-01-01');
    await desk.shows('It looks ahead.');
    expect(desk.printed()).toMatch(/⛔ .*2019|⛔ .*2020/);
  });

  it('clears an honest one, and says how much history it needs', async () => {
    const desk = await startDesk();
    desk.type('/strategy check sma_cross SP500 from=2019-01-01');
    await desk.shows('No look-ahead found.');
    await desk.shows('21 bars of history');
  });

  it('gives the code as a file', async () => {
    const desk = await startDesk();
    desk.type('/strategy show sma_cross');
    await desk.shows(/saved .*sma_cross\.ts/);
  });
});

describe('the command /backtest', () => {
  it('takes what the engine takes, and archives it', async () => {
    const desk = await startDesk();
    desk.type(
      '/backtest sma_cross SP500 fast=5 from=2019-01-01 cash=50000 commission=0.001 commission_fixed=2 spread=0.001 margin=0.5 trade_on_close=yes hedging=no exclusive_orders=yes finalize_trades=yes holding=SP500=2 lot_size=1 fail_fast=no trade_start=2019-06-01',
    );
    await desk.shows(/Saved as run-/);
  });

  it.each([
    ['fsat=3', 'SmaCross has no parameter "fsat". Did you mean fast?'],
    ['fast=x', 'Parameter fast of SmaCross is a number such as 10, not "x".'],
    ['fast=0', 'sma needs a whole period of at least 1, not 0.'],
    ['cash=0', 'cash must be at least 1, not 0.'],
    ['margin=2', 'margin must be at most 1, not 2.'],
    ['spread=-1', 'spread must be at least 0, not -1.'],
    ['semantics=zipline', 'semantics must be one of backtesting.py, minitrade'],
    ['semantics=minitrade commission_fixed=1', 'With the semantics of minitrade a commission is a rate'],
    ['holding=SP500', 'holding must be written as SYMBOL=units'],
    ['holding=ACME=3', 'holding names ACME, but this backtest has no bars of it.'],
    ['from=2019-02-30', 'from must be a date such as 2020-01-31'],
    ['from=2050-01-01', 'Source demo has no bars of SP500 from 2050-01-01 on'],
    ['from=2019-01-01 to=2018-01-01', 'no bars of SP500 from 2019-01-01 to 2018-01-01'],
    ['cash=5', '⚠️ One unit of SP500 costs more than the cash of 5: nothing was traded.'],
    ['from=2020-04-10', '⚠️ No bar of 5 has a value of sma(close, 10), sma(close, 20)'],
  ])('says what is wrong with %s', async (options, answer) => {
    const desk = await startDesk();
    desk.type(`/backtest sma_cross SP500 ${options}`);
    await desk.shows(answer);
  });
});

describe('the command /optimize', () => {
  it('finds the best of a grid, and answers with a heat map, the best run and all runs', async () => {
    const desk = await startDesk();
    desk.type(
      '/optimize sma_cross SP500 fast=5..15/5 slow=20,40 constraint="fast < slow" maximize=returnPct from=2015-01-01',
    );
    await desk.shows(/Optimum of SmaCross {2}SP500\s+fast=\d+ {2}slow=\d+: returnPct .*, the best of 6 runs/);
    await desk.shows(/saved .*returnPct\.png[\s\S]*saved .*SP500\.png[\s\S]*saved .*optimization\.csv/);
    const csv = await readFile(await attachment(desk, 'optimization.csv'), 'utf8');
    const values = csv
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((row) => Number(row.split(',')[2]));
    expect(values).toHaveLength(6);
    const [, best] = /returnPct (-?[\d.]+), the best/.exec(desk.printed()) ?? [];
    expect(Number(best)).toBeCloseTo(Math.max(...values), 3);
  });

  it.each([
    ['/optimize sma_cross SP500', 'Say which parameters to vary'],
    ['/optimize sma_cross SP500 fsat=1..3', 'has no parameter "fsat". Did you mean fast?'],
    ['/optimize sma_cross SP500 fast=9..1', 'fast=9..1 has no values'],
    ['/optimize sma_cross SP500 fast=5,10 maximize=sharpRatio', 'sharpeRatio'],
    ['/optimize sma_cross SP500 fast=5,10 constraint="fast <"', 'fast <'],
    ['/optimize sma_cross SP500 fast=5,10 constraint="fast > 100"', 'constraint'],
  ])('says in one line what is wrong: %s', async (line, answer) => {
    const desk = await startDesk();
    desk.type(line);
    await desk.shows('⛔');
    expect(desk.printed()).toContain(answer);
  });
});

async function attachment(desk: TestDesk, ending: string): Promise<string> {
  const folder = join(desk.config.dataFolder, 'attachments');
  const found = (await readdir(folder)).find((name) => name.endsWith(ending));
  if (found === undefined) throw new Error(`no attachment ends with ${ending}`);
  return join(folder, found);
}

describe('the command /walkforward', () => {
  it('tests on what followed each training, and answers with a chart and a row per window', async () => {
    const desk = await startDesk();
    desk.type('/walkforward sma_cross SP500 fast=5,10 slow=20,40 train=2y test=1y from=2010-01-01');
    await desk.shows('Walk-forward of sma_cross  SP500');
    await desk.shows(
      /Efficiency \(yearly return of the tests over that of the trainings\): (-?\d+ %|not defined)/,
    );
    await desk.shows(/2012-01-\d\d +201[23]-\d\d-\d\d +(5|10) +(20|40) /);
    await desk.shows(/saved .*walk-forward\.png[\s\S]*saved .*walk-forward\.csv/);
  });

  it('says which lengths it knows', async () => {
    const desk = await startDesk();
    desk.type('/walkforward sma_cross SP500 fast=5,10 train=long');
    await desk.shows('train=long is no length: write 3y, 18m, 26w, 90d, or a number of bars such as 500.');
  });
});
