/** Strategies and bars sent in through chat: the same story at the terminal, on Discord and on Telegram. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { fakeDiscord } from '../support/discord/index.ts';
import { startTelegram } from '../support/telegram/index.ts';
import { tempFolder } from '../support/temp-store.ts';

const above = (period = 20) => `
import { Strategy, sma } from 'outcry';
/** Buys above its average. */
export default class Above extends Strategy {
  static params = { period: ${period} };
  init() { this.average = this.indicator(sma, this.data.close, this.params.period); }
  next() {
    if (this.data.close.last > this.average.last) { if (!this.position.isOpen) this.buy(); }
    else this.position.close();
  }
}
`;

const days = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05', '2024-01-08'];
const bars = (changes: (line: string, index: number) => string = (line) => line) =>
  ['date,open,high,low,close,volume', ...days.map((day, index) => `${day},10,12,9,${10 + index / 10},100`)]
    .map(changes)
    .join('\n');

/** A desk with a folder of CSV files beside the demo. */
async function sources() {
  const folder = await tempFolder();
  return {
    folder,
    sources: {
      demo: { type: 'demo' },
      csv: { type: 'csv', folder, timezone: 'America/New_York', currency: 'USD' },
    },
  };
}

describe('at the terminal', () => {
  it('a strategy is added by its path, runs, gets a second version, and is deleted by its name', async () => {
    const desk = await startDesk();
    const folder = await tempFolder();
    const file = join(folder, 'above.js');
    await writeFile(file, above());
    desk.type(`/strategy add ${file}`);
    await desk.shows(
      /Add above\?[\s\S]*Above {2}period=20[\s\S]*Buys above its average\.[\s\S]*\[1\] Confirm/,
    );
    desk.type('1');
    await desk.shows(/above is added, version 1[\s\S]*No look-ahead found: \d+ orders/);
    desk.type('/backtest above SP500 from=2019-01-01 period=30');
    await desk.shows(/Above {2}SP500 {2}period=30/);

    await writeFile(file, above(50));
    desk.type(`/strategy add ${file}`);
    await desk.shows(/Replace above, version 1\?[\s\S]*sent in by console/);
    desk.type('1');
    await desk.shows('above is added, version 2');
    desk.type('/strategy show above');
    await desk.shows(/Above {2}period=50[\s\S]*2 {2}\d{4}-[\s\S]*1 {2}\d{4}-/);
    desk.type('/strategy download above 1');
    await desk.shows('above.js, version 1');

    desk.type('/strategy delete above bellow');
    await desk.shows('Nothing was deleted: "bellow" is not "above"');
    desk.type('/strategy delete above above');
    await desk.shows('above is deleted.');
    desk.type('/backtest above SP500');
    await desk.shows('There is no strategy "above"');
  });

  it('what a strategy is sent in as outlives the desk, and one that a plan uses stays', async () => {
    const first = await startDesk();
    const file = join(await tempFolder(), 'above.js');
    await writeFile(file, above());
    first.type(`/strategy add ${file} name=steady`);
    await first.shows('Add steady?');
    first.type('1');
    await first.shows('steady is added, version 1');
    first.type('/strategy delete momentum_rotation momentum_rotation');
    await first.shows('momentum_rotation is used by the plan demo. Change or remove that first.');
    first.type('/strategy delete sma_cross sma_cross');
    await first.shows('sma_cross is a file in the folder strategies/ of the configuration');
    await first.stop();
    const second = await startDesk({ root: first.root });
    second.type('/strategy list');
    await second.shows(/steady {2}period=20/);
  });

  it('bars are taken in when they are right and confirmed, and can be charted at once', async () => {
    const { folder, ...settings } = await sources();
    const desk = await startDesk({ desk: settings });
    const file = join(await tempFolder(), 'ACME.csv');
    await writeFile(
      file,
      bars((line, index) => (index === 3 ? line.replace(',12,', ',0,') : line)),
    );
    desk.type(`/data import ${file}`);
    await desk.shows('ACME.csv line 4 has high of 0, prices must be above zero.');
    await writeFile(file, bars());
    desk.type(`/data import ${file}`);
    await desk.shows(
      /Take ACME\.csv into csv\?[\s\S]*ACME, 5 bars of 1d, 2024-01-02 to 2024-01-08\.[\s\S]*It is new there\./,
    );
    expect(await readdir(folder), 'nothing is written before it is confirmed').toEqual([]);
    desk.type('1');
    await desk.shows('ACME.csv is taken in');
    expect(await readdir(folder)).toEqual(['ACME.csv']);
    desk.type('/chart ACME max');
    await desk.shows(/5 bars of 1d from csv, 2024-01-02 to 2024-01-08\.[\s\S]*saved .*ACME-price\.png/);

    await writeFile(
      file,
      bars((line) => line.replace('2024-01-08', '2024-01-09')),
    );
    desk.type(`/data import ${file} csv ACME`);
    await desk.shows(/It replaces what is there: ACME, 5 bars of 1d, 2024-01-02 to 2024-01-08\./);
    desk.type(`/data import ${file} demo`);
    await desk.shows('Source demo takes no files. These do: csv.');
    desk.type(`/data import ${file} csv ../evil`);
    await desk.shows('its name must be the symbol, such as AAPL.csv');
  });

  it('a symbol that another file has already is not taken in twice', async () => {
    const { folder, ...settings } = await sources();
    await writeFile(
      join(folder, 'all.csv'),
      bars((line, index) => (index === 0 ? `symbol,${line}` : `ACME,${line}`)),
    );
    const desk = await startDesk({ desk: settings });
    const file = join(await tempFolder(), 'acme.csv');
    await writeFile(file, bars());
    desk.type(`/data import ${file}`);
    await desk.shows('Source csv has ACME in all.csv already.');
  });
});

describe('on Discord', () => {
  it('a strategy and bars come as attachments', async () => {
    const discord = await fakeDiscord();
    onTestFinished(() => discord.close());
    const { folder, ...settings } = await sources();
    const [ann, vera] = [discord.user('ann'), discord.user('vera')];
    await startDesk({
      endpoints: { discordApi: discord.rest.api },
      desk: {
        ...settings,
        users: [
          { name: 'ann', role: 'admin', discord: ann.id },
          { name: 'vera', role: 'viewer', discord: vera.id },
        ],
        platforms: {
          discord: { token: discord.token, guild: discord.guild, channels: [discord.channel('desk').id] },
        },
      },
    });
    const file = { name: 'above.js', data: above(), type: 'text/javascript' };
    const refused = await (await vera.slash('strategy add', { file })).shown();
    expect(refused.text).toContain('/strategy add needs the role admin');
    expect(discord.requestsTo('GET', /^\/attachments/), 'a file that nobody may send is not fetched').toEqual(
      [],
    );

    const question = await (await ann.slash('strategy add', { file, name: 'steady' })).shown();
    expect(question.title).toContain('Add steady?');
    const confirmed = await ann.press(question, 'Confirm');
    const added = await confirmed.until(({ title }) => title.includes('is added'), 'the strategy');
    expect(added.text).toContain('No look-ahead found');
    const code = await (await vera.slash('strategy download', { strategy: 'steady' })).shown();
    expect(code.files.map(({ name }) => name)).toEqual(['steady.js']);

    const csv = { name: 'ACME.csv', data: bars(), type: 'text/csv' };
    const take = await (await ann.slash('data import', { file: csv })).shown();
    expect(take.text).toContain('5 bars of 1d');
    await (await ann.press(take, 'Confirm')).until(({ title }) => title.includes('is taken in'), 'the bars');
    expect(await readFile(join(folder, 'ACME.csv'), 'utf8')).toBe(bars());
    expect(discord.refusals).toEqual([]);
  });
});

describe('on Telegram', () => {
  it('a strategy and bars come as documents, with their command or after it', async () => {
    const telegram = await startTelegram();
    onTestFinished(() => telegram.close());
    const { folder, ...settings } = await sources();
    const [anna, vera] = [telegram.user('anna'), telegram.user('vera')];
    await startDesk({
      endpoints: { telegramApi: telegram.apiRoot },
      desk: {
        ...settings,
        users: [
          { name: 'anna', role: 'admin', telegram: anna.id },
          { name: 'vera', role: 'viewer', telegram: vera.id },
        ],
        platforms: { telegram: { token: telegram.token } },
      },
    });
    vera.sendsFile({ name: 'above.js', data: above() }, { caption: '/strategy add' });
    await vera.chat.shows('/strategy add needs the role admin');
    expect(telegram.calls, 'a file that nobody may send is not fetched').not.toContain('getFile');

    anna.sendsFile({ name: 'above.js', data: above() }, { caption: '/strategy add name=steady' });
    await anna.chat.shows('Add steady?');
    anna.presses('Confirm');
    await anna.chat.shows('steady is added, version 1');
    vera.says('/strategy download steady');
    await telegram.until(
      () => vera.chat.files.some(({ name }) => name === 'steady.js'),
      'the code as a document',
    );

    anna.says('/data import');
    await anna.chat.shows('file is missing: bars as CSV');
    anna.sendsFile({ name: 'ACME.csv', data: bars() });
    await anna.chat.shows('Take ACME.csv into csv?');
    anna.presses('Confirm');
    await anna.chat.shows('ACME.csv is taken in');
    expect(await readFile(join(folder, 'ACME.csv'), 'utf8')).toBe(bars());

    anna.sendsFile({ name: 'holiday.jpg', data: Uint8Array.of(0xff, 0xd8, 0xff) });
    await anna.chat.shows('A file alone says nothing');
  });
});
