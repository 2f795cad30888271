/** What a desk keeps of a source, and forgets when it is told to. */
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import { withLibrary } from '../../../engine/market/library/library.ts';
import type { Source } from '../../../engine/market/sources/source.ts';
import type { Backtests } from '../../../engine/reports/backtests.ts';
import { MarketData } from '../../../engine/reports/market-data.ts';
import { ManualClock } from '../../support/clock.ts';
import { noCharts } from '../../support/plan-desk.ts';
import { tempStore } from '../../support/temp-store.ts';
import { vendor, weekdayBars } from '../../support/vendor.ts';

const request = { symbols: ['AAPL'], interval: '1d', adjusted: true } as const;

async function open() {
  const store = await tempStore();
  const clock = new ManualClock('2026-11-20T21:30:00.000Z');
  const outbox = await Outbox.open(store, clock);
  const far = vendor();
  for (const symbol of ['AAPL', 'MSFT']) far.tell(symbol, weekdayBars('2025-01-01', '2026-11-20'));
  const keeping = await withLibrary(far, { store, clock, log: silentLog, outbox });
  await keeping.bars({ ...request, symbols: ['AAPL', 'MSFT'] });
  const sources = new Map<string, Source>([
    ['keeping', keeping],
    ['plain', vendor()],
  ]);
  // Nothing is run here.
  const backtests = {} as unknown as Backtests;
  return { far, keeping, data: new MarketData({ sources, backtests, charts: noCharts }) };
}

describe('/data forget', () => {
  it('drops what is kept of a symbol, so that it is fetched anew from its beginning, and nothing else', async () => {
    const { data, far, keeping } = await open();
    const before = await keeping.bars(request);
    expect(far.requests.at(-1)?.from, 'only the newest bars are asked for').toBeDefined();
    expect(await data.forget('keeping', 'AAPL')).toBe(1);
    expect(await keeping.bars(request)).toEqual(before);
    expect(far.requests.at(-1)?.from).toBeUndefined();
    await keeping.bars({ ...request, symbols: ['MSFT'] });
    expect(far.requests.at(-1)?.from, 'what is kept of the other one').toBeDefined();
  });

  it('without a symbol drops all of a source, and says how many series that were', async () => {
    const { data } = await open();
    expect(await data.forget('keeping')).toBe(2);
    expect(await data.sources()).toMatchObject([
      { name: 'vendor', kept: { series: 0, bars: 0 } },
      { kept: null },
    ]);
    expect(await data.forget('keeping')).toBe(0);
  });

  it.each([
    ['plain', 'AAPL', 'Source plain keeps no bars'],
    ['keeping', 'AAPX', 'Source keeping keeps nothing of AAPX'],
    ['keepin', undefined, 'There is no source "keepin"'],
  ])('of %s %s says why there is nothing to forget', async (source, symbol, why) => {
    const { data } = await open();
    await expect(data.forget(source, symbol)).rejects.toThrow(why);
  });
});
