/** A plan whose strategy knows tomorrow's prices: it looks splendid in its backtest, and is not let near the broker. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startDesk, writeDemo } from '../support/desk.ts';
import { tempFolder } from '../support/temp-store.ts';

const strategy = (shift: number) => `import { Strategy } from 'outcry';
export default class Cheat extends Strategy {
  init() {
    this.signal = this.indicator(
      (close) => close.map((_, bar) => close[bar + ${shift}] ?? Number.NaN),
      this.data.close,
      { name: 'shifted' },
    );
  }
  next() {
    const price = this.data.close.last;
    if (this.signal.last > price && !this.position.isOpen) this.buy();
    if (this.signal.last < price && this.position.isOpen) this.position.close();
  }
}
`;

it('a plan whose strategy looks ahead does not pass its dry run, and one that looks back does', async () => {
  const root = await tempFolder();
  const book = { currency: 'USD', capital: '1000', broker: 'paper' };
  await writeDemo(root, { books: { spare: book } });
  const folder = join(root, 'config', 'demo', 'strategies');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'cheat.js'), strategy(1));
  const honest = join(root, 'honest.js');
  await writeFile(honest, strategy(-1));
  const desk = await startDesk({ root });
  const answer = async (line: string, shows: string | RegExp) => {
    const before = desk.printed().length;
    desk.type(line);
    const printed = () => desk.printed().slice(before);
    await expect.poll(printed, { timeout: 45_000 }).toMatch(shows);
  };
  await answer(`/strategy add ${honest}`, 'Add honest?');
  await answer('1', 'honest is added');
  await answer('/plan create odd cheat AMBR demo spare 2022-01-03', 'Make the plan odd?');
  await answer('1', 'Plan odd is made');
  await answer('/plan dryrun odd', /⛔ cheat looks ahead: [\s\S]*the decision uses later bars/);
  await answer('/plan enable odd', 'Enable the plan odd?');
  await answer('1', 'has not passed yet');
  await answer('/plan set odd strategy=honest', 'Change the plan odd?');
  await answer('1', 'odd is changed');
  await answer('/plan dryrun odd', 'Dry run of plan odd');
  await answer('/plan enable odd', 'Enable the plan odd?');
  await answer('1', 'Plan odd is enabled');
  // Whoever sends in another version is told what it will trade.
  await answer(`/strategy add ${honest}`, 'odd trades with it from the next run on');
}, 90_000);
