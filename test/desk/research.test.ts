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
