/** Strategies that are sent in: compiled, checked for look-ahead, kept with all their versions, on every worker. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Strategies } from '../../../engine/reports/strategies.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../../support/clock.ts';
import { tempFolder, tempStore } from '../../support/temp-store.ts';

const honest = `
import { Strategy, sma } from 'outcry';
/** Buys above its average. */
export default class Above extends Strategy {
  static params = { period: 20 };
  init() { this.average = this.indicator(sma, this.data.close, this.params.period); }
  next() {
    if (this.data.close.last > this.average.last) { if (!this.position.isOpen) this.buy(); }
    else this.position.close();
  }
}
`;
const prophet = `
import { Strategy } from 'outcry';
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

async function openStrategies(parts: { store?: Store; folder?: string } = {}) {
  const store = parts.store ?? (await tempStore());
  const folder = parts.folder ?? (await tempFolder());
  const cacheFolder = await tempFolder();
  const strategies = await Strategies.open({
    store,
    clock: new ManualClock(),
    folder,
    cacheFolder,
    limits: { timeMs: 60_000, memoryMb: 512 },
  });
  return { strategies, store, folder, cacheFolder };
}

const above = { name: 'above', ending: '.js', text: honest };

describe('a strategy that is sent in', () => {
  it('is described before it is kept', async () => {
    const { strategies, cacheFolder } = await openStrategies();
    const { description, replaces } = await strategies.preview(above);
    expect(description).toMatchObject({
      name: 'Above',
      params: { period: 20 },
      doc: 'Buys above its average.',
    });
    expect(replaces).toBeUndefined();
    expect(await strategies.list()).toEqual([]);
    expect(await readdir(cacheFolder), 'nothing is left of the look').toEqual([]);
  });

  it('is checked for look-ahead, listed, and runs from a file on any worker of the same store', async () => {
    const first = await openStrategies();
    const { added, check } = await first.strategies.add(above, 'ann');
    expect(added).toMatchObject({ name: 'above', version: 1, fileName: 'above.js', by: 'ann' });
    expect(check?.lookAhead.findings).toEqual([]);
    expect(check?.lookAhead.orders, 'it traded on the data of the check').toBeGreaterThan(5);

    const second = await openStrategies({ store: first.store });
    const { file } = await second.strategies.find('ABOVE.js');
    expect(file.startsWith(second.cacheFolder)).toBe(true);
    expect(await readFile(file, 'utf8')).toBe(honest);
  });

  it('is not added when it looks ahead, and says where', async () => {
    const { strategies } = await openStrategies();
    const add = strategies.add({ ...above, name: 'prophet', text: prophet }, 'ann');
    await expect(add).rejects.toThrow(/^prophet looks ahead and was not added: .*202\d/);
    expect(await strategies.versions('prophet')).toEqual([]);
  });

  it.each([
    ['a syntax error', 'export default class {', /above\.js: SyntaxError/],
    ['no default export', 'export const x = 1;', /above\.js/],
    [
      'a file beside it',
      "import { x } from './lib.js'; export default x;",
      /imports lib\.js, which is not there/,
    ],
    ['an end of the process', 'process.exit(3);', /above\.js/],
  ])('is refused with %s', async (_, text, reason) => {
    const { strategies } = await openStrategies();
    await expect(strategies.preview({ ...above, text })).rejects.toThrow(reason);
  });

  it('that cannot run on invented stocks is added, and says that it was not checked', async () => {
    const { strategies } = await openStrategies();
    const text = honest.replace('this.data.close, ', "this.data.of('BTC/USDT').close, ");
    const { check, why } = await strategies.add({ ...above, text }, 'ann');
    expect(check).toBeNull();
    expect(why).toContain('BTC/USDT');
  });

  it.each(['Above', '1st', '../above', '', 'a'.repeat(41)])('cannot be called "%s"', async (name) => {
    const { strategies } = await openStrategies();
    await expect(strategies.preview({ ...above, name })).rejects.toThrow('cannot be the name of a strategy');
  });

  it('cannot take the name of a file of the configuration', async () => {
    const { strategies, folder } = await openStrategies();
    await writeFile(join(folder, 'above.ts'), honest);
    await expect(strategies.add(above, 'ann')).rejects.toThrow('above is a file in the folder strategies/');
    await expect(strategies.delete('above')).rejects.toThrow('delete it there');
  });

  it('keeps every version: the newest runs, each can be had', async () => {
    const { strategies } = await openStrategies();
    await strategies.add(above, 'ann');
    const text = honest.replace('period: 20', 'period: 30');
    expect((await strategies.preview({ ...above, text })).replaces).toMatchObject({ version: 1, by: 'ann' });
    await strategies.add({ ...above, text, ending: '.mjs' }, 'tom');
    expect((await strategies.versions('above')).map(({ version, by }) => [version, by])).toEqual([
      [2, 'tom'],
      [1, 'ann'],
    ]);
    const files = await strategies.list();
    expect(files).toHaveLength(1);
    expect(await readFile(files[0]?.file ?? '', 'utf8')).toBe(text);
    expect(Buffer.from((await strategies.source('above', 1)).data).toString()).toBe(honest);
    await expect(strategies.source('above', 3)).rejects.toThrow('"above" has no version 3. It has: 2, 1.');
  });

  it('of two at once becomes two versions', async () => {
    const { strategies } = await openStrategies();
    const both = await Promise.all([strategies.add(above, 'ann'), strategies.add(above, 'tom')]);
    expect(both.map(({ added }) => added.version).sort()).toEqual([1, 2]);
  });

  it('is off the list when it is deleted, its versions stay, and the next one is counted on', async () => {
    const { strategies } = await openStrategies();
    await strategies.add(above, 'ann');
    await strategies.delete('above');
    await expect(strategies.find('above')).rejects.toThrow('There is no strategy "above"');
    expect(Buffer.from((await strategies.source('above', 1)).data).toString()).toBe(honest);
    expect((await strategies.preview(above)).replaces).toBeUndefined();
    expect((await strategies.add(above, 'ann')).added.version).toBe(2);
  });
});
