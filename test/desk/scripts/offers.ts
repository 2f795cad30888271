/** Choosing instead of typing, on platforms that know no completion, or where somebody does not use it. */
import { expect, it } from 'vitest';
import type { Floor } from '../floors/floor.ts';
import { confirm } from './script.ts';

export function choosesWhatIsMissing(floor: () => Floor): void {
  it('puts a trade together by pressing what there is', async () => {
    const { tom, vera } = floor().people;
    await tom.types('/buy demo SP500 1', { shows: ['Buy 1 SP500 for demo'] });
    await tom.presses('Confirm', { shows: ['Bought 1 SP500, demo, PAPER'] });
    const books = await tom.types('/sell', { shows: ['Typed in full: /sell book symbol'] });
    expect(books.buttons).toContain('demo');
    await tom.presses('demo', { shows: ['symbol: Symbol'], buttons: ['SP500'] });
    await tom.presses('SP500', { shows: ['Sell 1 SP500 for demo, PAPER?'], buttons: confirm });
    await tom.presses('Confirm', { shows: ['Sold 1 SP500, demo, PAPER'] });
    await vera.types('/positions demo', { shows: ['Nothing is open'] });
  }, 90_000);

  it('offers earlier runs by what they were', async () => {
    const { vera } = floor().people;
    const { buttons } = await vera.types('/run show', { shows: ['Typed in full: /run show run'] });
    const label = buttons.find((each) => /^sma_cross on SP500 · run-/.test(each));
    const [, id] = label?.split(' · ') ?? [];
    if (label === undefined || id === undefined) throw new Error(`no backtest in ${buttons.join(', ')}`);
    await vera.presses(label, { shows: ['sma_cross on SP500', id] });
  }, 90_000);
}
