/** The digest of a desk whose plan has run: how far it is from its backtest stands in it. */
import { expect, it } from 'vitest';
import { startDesk } from '../support/desk.ts';

it('the digest says how far each plan that ran is from its backtest, and nothing of one that did not', async () => {
  const desk = await startDesk();
  desk.type('/notify digest now');
  await desk.shows('Nothing happened, nothing is open');
  desk.confirms('/plan run demo');
  await desk.shows(/Plan demo, book rotation[\s\S]*New orders: 3\./);
  const before = desk.printed().length;
  desk.type('/notify digest now');
  await expect
    .poll(() => desk.printed().slice(before), { timeout: 45_000 })
    .toMatch(/Plan demo since \d{4}-\d\d-\d\d, level with its backtest: \/plan divergence demo/);
}, 60_000);
