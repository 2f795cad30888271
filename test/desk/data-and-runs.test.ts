/** Earlier runs, bars, charts and brokers, asked at the terminal. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePng } from '../engine/reports/charts/picture.ts';
import { startDesk, type TestDesk } from '../support/desk.ts';
import { tempFolder } from '../support/temp-store.ts';

/** Ids of runs in the order in which they were saved. */
function saved(desk: TestDesk): string[] {
  return [...desk.printed().matchAll(/Saved as (run-[0-9a-f]+)/g)].map(([, id]) => id ?? '');
}

describe('the command /run', () => {
  it('lists runs, shows one again with its files, and puts two side by side', async () => {
    const desk = await startDesk();
    desk.type('/backtest sma_cross SP500 from=2015-01-01');
    desk.type('/backtest sma_cross SP500 from=2015-01-01 fast=20 slow=50');
    await desk.shows(/(Saved as run-[\s\S]*){2}/);
    const [first = '', second = ''] = saved(desk);
    desk.type('/run list strategy=sma_cross');
    await desk.shows(
      new RegExp(`Runs\\n\\n${second} {2}sma_cross on SP500\\n[+-].*Sharpe.* by console\\n${first} `),
    );
    desk.type(`/run show ${first}`);
    await desk.shows(
      /sma_cross on SP500\n[\s\S]*1d bars from demo, 2015-01-01 to the newest, cash 100000, commission 0\./,
    );
    const before = desk.printed().length;
    desk.type(`/run compare ${first} ${second}`);
    await desk.shows(/# Trades +\d+ +\d+[\s\S]*saved .*comparison\.png/);
    const shown = desk.printed().slice(before);
    expect(shown).toMatch(/Sharpe Ratio +-?\d+\.\d\d +-?\d+\.\d\d/);

    const folder = join(desk.config.dataFolder, 'attachments');
    const picture = (await readdir(folder)).find((name) => name.endsWith('comparison.png')) ?? '';
    expect(decodePng(await readFile(join(folder, picture)))).toMatchObject({ width: 1200, height: 900 });
  });

  it('says what is wrong with a run that is not there, is the same, or failed', async () => {
    const desk = await startDesk();
    desk.type('/run list');
    await desk.shows('There is no such run yet.');
    desk.type('/backtest sma_cross SP500 from=2019-01-01');
    await desk.shows('Saved as run-');
    const [id = ''] = saved(desk);
    desk.type(`/run compare ${id} ${id}`);
    await desk.shows('These are the same run. Name two.');
    desk.type(`/run show ${id.slice(0, -1)}`);
    await desk.shows(`Did you mean ${id}?`);
    desk.type('/backtest sma_cross SP500 fast=0');
    await desk.shows('not 0');
    desk.type('/run list limit=1');
    await desk.shows(/on SP500\n⛔ .*not 0/);
    const failed = /(run-[0-9a-f]+) {2}sma_cross on SP500\n⛔/.exec(desk.printed())?.[1] ?? '';
    desk.type(`/run compare ${id} ${failed}`);
    await desk.shows(`${failed} has no figures:`);
  });
});

describe('the commands /data and /chart', () => {
  it('list the sources, and inspect a symbol: the days are found on which the exchange was closed out of turn', async () => {
    const desk = await startDesk();
    desk.type('/data list');
    await desk.shows(/demo {2}America\/New_York\n9 symbols, such as SP500, AMBR/);
    desk.type('/data inspect SP500');
    await desk.shows(/4 after 2001-09-10, 2 after 2006-12-29, 2 after 2012-10-26/);
    await desk.shows(/Intervals +1d 5105, 1w \d+, 1mo 244/);
    desk.type('/data inspect SP501');
    await desk.shows('Did you mean SP500?');
  });

  it('compare two sources', async () => {
    const folder = await tempFolder();
    const sp500 = await readFile(
      new URL('../../config.example/demo/data/SP500.csv', import.meta.url),
      'utf8',
    );
    const lines = sp500.trim().split('\n');
    const [missing = '', changed = ''] = [lines[100], lines[200]];
    const cells = changed.split(',');
    const wrong = cells.map((cell, index) => (index === 4 ? String(Number(cell) * 1.01) : cell)).join(',');
    const text = lines.filter((line) => line !== missing).map((line) => (line === changed ? wrong : line));
    await writeFile(join(folder, 'SP500.csv'), text.join('\n'));
    const desk = await startDesk({
      desk: {
        sources: {
          demo: { type: 'demo' },
          other: { type: 'csv', folder, timezone: 'America/New_York', currency: 'USD' },
        },
      },
    });
    desk.type('/data list');
    await desk.shows('1 symbol, such as SP500');
    desk.type('/data compare SP500 demo other');
    await desk.shows(new RegExp(`other lacks 1: ${missing.slice(0, 10)}`));
    await desk.shows(
      /All opens are the same[\s\S]*1 close differs: on average by 0\.0002% over 5104 bars, most by \+1\.00%/,
    );
    await desk.shows(/saved .*SP500-demo-other-comparison\.csv/);
    const folderOfFiles = join(desk.config.dataFolder, 'attachments');
    const [file = ''] = await readdir(folderOfFiles);
    const [head, ...rows] = (await readFile(join(folderOfFiles, file), 'utf8')).trim().split('\r\n');
    expect(head).toContain('close demo,close other,close %');
    expect(rows.map((row) => row.slice(0, 10))).toEqual([missing.slice(0, 10), changed.slice(0, 10)]);
    desk.type('/data compare SP500 demo demo');
    await desk.shows('These are the same source. Name two.');
  });

  it('draw candles with indicators, and say what cannot be drawn', async () => {
    const desk = await startDesk();
    desk.type('/chart SP500 6M sma=50,200 rsi=14');
    await desk.shows(
      /SP500 {2}sma=50,200 {2}rsi=14[\s\S]*126 bars of 1d from demo, 2019-10-17 to 2020-04-17\.[\s\S]*price\.png/,
    );
    desk.type('/data chart AMBR,ELMO 1Y');
    await desk.shows(/AMBR, ELMO[\s\S]*AMBR-and-1-more-price\.png/);
    for (const [line, answer] of [
      ['/chart SP500 6X', '"6X" is not a period. Write it like 30D, 2W, 6M, 5Y or max.'],
      ['/chart SP500 smma=20', 'There is no indicator "smma". Did you mean sma?'],
      ['/chart SP500 sma=x', 'sma=x must be numbers from 1 to 10000, such as sma=20.'],
      ['/chart SP500 macd=1,2,3,4', 'macd has at most 3'],
      ['/chart SP500 rsi=7 adx=14 cci=20', 'at most 5 indicators over the price and 2 below it'],
      ['/chart AMBR,ELMO sma=20', 'Indicators are drawn for one symbol at a time'],
      ['/chart SP500 interval=5m', 'has no 5m bars of SP500'],
    ] as const) {
      desk.type(line);
      await desk.shows(answer);
    }
  });
});

describe('the command /broker', () => {
  it('shows how a broker is and what is in the account, and takes the line away and back', async () => {
    const desk = await startDesk();
    desk.type('/broker list');
    await desk.shows(/paper {2}🟢 ready since .*\nbooks .*demo/);
    await desk.alert('demo', { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 });
    await desk.shows('Bought 1 SP500');
    desk.type('/broker account paper');
    await desk.shows(/Balances\nUSD [\d.]+\n[\s\S]*SP500 1/);
    desk.type('/broker reconcile paper');
    await desk.shows('paper says what the books say.');

    desk.type('/broker disconnect paper');
    await desk.shows(/Disconnect paper\?[\s\S]*no entries, and no exits/);
    desk.type('1');
    await desk.shows(/paper: 🔴 down[\s\S]*disconnected by the desk/);
    desk.type('/broker account paper');
    await desk.shows('paper is down: disconnected by the desk. See /broker status.');
    desk.type('/broker connect paper');
    await desk.shows('paper: 🟢 ready');
    await desk.alert('demo', {
      key: 'demo-key-1234',
      action: 'sell',
      symbol: 'SP500',
      quantity: 1,
      id: 'exit',
    });
    await desk.shows('Sold 1 SP500');
    desk.type('/broker status papr');
    await desk.shows('There is no broker "papr". Did you mean paper?');
  });
});
