/** Questions about strategies, asked at the terminal. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startDesk } from '../support/desk.ts';

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
