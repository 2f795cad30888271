/** What the library of bars promises, on any store, as numbered cards. */
import { beforeEach, expect, it } from 'vitest';
import { type DeskEvent, Outbox } from '../../../engine/events.ts';
import { silentLog } from '../../../engine/log.ts';
import { withLibrary } from '../../../engine/market/library/library.ts';
import type { Source } from '../../../engine/market/sources/source.ts';
import type { Store } from '../../../engine/store/store.ts';
import { ManualClock } from '../clock.ts';
import { type Vendor, vendor, weekdayBars } from '../vendor.ts';

/** Friday, 16:30 in New York: today's bar is there, and its date is not past. */
const evening = '2026-11-20T21:30:00.000Z';
const daily = { interval: '1d', adjusted: false } as const;

export function librarySuite(openStore: () => Promise<Store>): void {
  let store: Store;
  let clock: ManualClock;
  let far: Vendor;
  let source: Source;
  let outbox: Outbox;

  beforeEach(async () => {
    store = await openStore();
    clock = new ManualClock(evening);
    far = vendor();
    outbox = await Outbox.open(store, clock);
    source = await keeping(far);
  });

  /** As another process, or after a restart. */
  function keeping(behind: Source): Promise<Source> {
    return withLibrary(behind, { store, clock, log: silentLog, outbox });
  }

  async function told(): Promise<DeskEvent[]> {
    return (await outbox.after(0, 100)).map(({ event }) => event);
  }

  const fromOf = () => far.requests.map(({ from }) => from?.toISOString().slice(0, 10) ?? 'all');

  it('L1 gives what the source gives, and after that asks only for the newest bars', async () => {
    far.tell('AAPL', weekdayBars('2024-01-01', '2026-11-20'));
    const first = await source.bars({ symbols: ['AAPL'], ...daily });
    const second = await source.bars({ symbols: ['AAPL'], ...daily });
    const later = await (await keeping(far)).bars({ symbols: ['AAPL'], ...daily });
    const own = await far.bars({ symbols: ['AAPL'], ...daily });
    expect(first).toEqual(own);
    expect(second).toEqual(own);
    expect(later, 'after a restart').toEqual(own);
    expect(fromOf(), 'ten bars before today').toEqual(['all', '2026-11-06', '2026-11-06', 'all']);
  });

  it('L2 fetches what has come since, however long that was, and keeps it', async () => {
    far.tell('AAPL', weekdayBars('2024-01-01', '2024-06-28'));
    clock.set('2024-06-28T21:30:00.000Z');
    await source.bars({ symbols: ['AAPL'], ...daily });
    far.tell('AAPL', weekdayBars('2024-01-01', '2026-11-20'));
    clock.set(evening);
    const [bars] = await source.bars({ symbols: ['AAPL'], ...daily });
    await source.bars({ symbols: ['AAPL'], ...daily });
    expect(bars).toEqual((await far.bars({ symbols: ['AAPL'], ...daily }))[0]);
    expect(fromOf()).toEqual(['all', '2024-06-14', '2026-11-06', 'all']);
  });

  it('L3 never keeps the unfinished bar of today', async () => {
    const before = weekdayBars('2026-01-01', '2026-11-19');
    far.tell('AAPL', [...before, { at: '2026-11-20', close: 1 }]);
    const [noon] = await source.bars({ symbols: ['AAPL'], ...daily });
    far.tell('AAPL', [...before, { at: '2026-11-20', close: 2 }]);
    const [close] = await source.bars({ symbols: ['AAPL'], ...daily });
    expect([noon?.close.at(-1), close?.close.at(-1)]).toEqual([1, 2]);
    expect(await source.library?.size()).toMatchObject({ series: 1, bars: before.length });
    expect(await told(), 'a day that goes on is no correction').toEqual([]);
    clock.set('2026-11-21T04:59:00.000Z');
    await source.bars({ symbols: ['AAPL'], ...daily });
    expect((await source.library?.size())?.bars, '23:59 in New York').toBe(before.length);
    clock.set('2026-11-21T05:00:00.000Z');
    await source.bars({ symbols: ['AAPL'], ...daily });
    expect((await source.library?.size())?.bars, 'midnight in New York').toBe(before.length + 1);
  });

  it('L4 answers about the past without asking, and about what nobody has as the source does', async () => {
    far.tell('AAPL', weekdayBars('2020-01-01', '2026-11-20'));
    await source.bars({ symbols: ['AAPL'], ...daily });
    const past = { symbols: ['AAPL'], ...daily, from: new Date('2022-03-01'), to: new Date('2023-02-28') };
    const [bars] = await source.bars(past);
    expect(far.requests).toHaveLength(1);
    expect(bars).toEqual((await far.bars(past))[0]);
    const weekend = { ...past, from: new Date('2022-03-05'), to: new Date('2022-03-06') };
    const own = await far.bars(weekend).catch((error: Error) => error.message);
    await expect(source.bars(weekend)).rejects.toThrow(String(own));
    await expect(source.bars({ symbols: ['AAPX'], ...daily })).rejects.toThrow('Did you mean AAPL?');
  });

  it('L5 asks for all of it when more of the past is wanted than is kept', async () => {
    far.tell('AAPL', weekdayBars('2020-01-01', '2026-11-20'));
    await source.bars({ symbols: ['AAPL'], ...daily, from: new Date('2025-01-01') });
    const [some] = await source.bars({ symbols: ['AAPL'], ...daily, from: new Date('2025-06-01') });
    const [more] = await source.bars({ symbols: ['AAPL'], ...daily, from: new Date('2021-06-01') });
    await source.bars({ symbols: ['AAPL'], ...daily, from: new Date('2021-06-01') });
    expect(fromOf()).toEqual(['2025-01-01', '2026-11-06', '2021-06-01', '2026-11-06']);
    expect(dayOf(some?.time[0])).toBe('2025-06-02');
    expect(dayOf(more?.time[0])).toBe('2021-06-01');
    expect(more?.time).toHaveLength(weekdayBars('2021-06-01', '2026-11-20').length);
  });

  it('L6 takes over a corrected price of the newest bars, and tells it once', async () => {
    const bars = weekdayBars('2025-01-01', '2026-11-20');
    far.tell('AAPL', bars);
    await source.bars({ symbols: ['AAPL'], ...daily });
    const corrected = bars.map((bar) => (bar.at === '2026-11-18' ? { ...bar, close: 700 } : bar));
    far.tell('AAPL', corrected);
    const [first] = await source.bars({ symbols: ['AAPL'], ...daily });
    const [again] = await source.bars({ symbols: ['AAPL'], ...daily });
    const index = corrected.findIndex(({ at }) => at === '2026-11-18');
    expect([first?.close[index], again?.close[index]]).toEqual([700, 700]);
    const before = bars[index]?.close ?? 0;
    expect(await told()).toEqual([
      {
        type: 'bars.corrected',
        source: 'vendor',
        interval: '1d',
        symbols: ['AAPL'],
        prices: 4,
        largest: expect.arrayContaining([
          { symbol: 'AAPL', at: '2026-11-18T00:00:00.000Z', column: 'close', before, now: 700 },
        ]),
      },
    ]);
    const kept = await source.bars({ symbols: ['AAPL'], ...daily, to: new Date('2026-11-18') });
    expect(kept[0]?.close.at(-1), 'as it is kept').toBe(700);
  });

  it('L7 fetches an adjusted history again as a whole after a split, and takes it for no mistake', async () => {
    const adjusted = { symbols: ['AAPL'], interval: '1d', adjusted: true } as const;
    far.tell('AAPL', weekdayBars('2024-01-01', '2026-11-19'));
    clock.set('2026-11-20T05:00:00.000Z');
    await source.bars(adjusted);
    const split = weekdayBars('2024-01-01', '2026-11-19', 0.5);
    far.tell('AAPL', [...split, { at: '2026-11-20', close: 400 }]);
    clock.set(evening);
    const [bars] = await source.bars(adjusted);
    const [again] = await source.bars(adjusted);
    const own = await far.bars(adjusted);
    expect(bars).toEqual(own[0]);
    expect(again).toEqual(own[0]);
    expect(await told()).toEqual([]);
    expect(fromOf()).toEqual(['all', '2026-11-06', 'all', '2026-11-06', 'all']);
  });

  it('L8 fetches several symbols in one question, and those that are new in another', async () => {
    for (const symbol of ['AAPL', 'MSFT', 'GOOG']) far.tell(symbol, weekdayBars('2025-01-01', '2026-11-20'));
    await source.bars({ symbols: ['AAPL', 'MSFT'], ...daily });
    const all = await source.bars({ symbols: ['GOOG', 'MSFT', 'AAPL'], ...daily });
    expect(all.map(({ symbol }) => symbol)).toEqual(['GOOG', 'MSFT', 'AAPL']);
    expect(far.requests.map(({ symbols }) => symbols)).toEqual([
      ['AAPL', 'MSFT'],
      ['GOOG'],
      ['MSFT', 'AAPL'],
    ]);
  });

  it('L9 keeps a symbol once, however it is spelled', async () => {
    far.tell('AAPL', weekdayBars('2025-01-01', '2026-11-20'));
    const [spelled] = await source.bars({ symbols: ['aapl'], ...daily });
    await source.bars({ symbols: ['aapl'], ...daily });
    await source.bars({ symbols: ['AAPL'], ...daily });
    expect(spelled?.symbol).toBe('AAPL');
    expect(fromOf()).toEqual(['all', '2026-11-06', '2026-11-06']);
    const restarted = await keeping(far);
    const [part] = await restarted.bars({ symbols: ['aapl'], ...daily, from: new Date('2026-10-01') });
    expect(part?.symbol).toBe('AAPL');
    const [whole] = await restarted.bars({ symbols: ['AAPL'], ...daily });
    expect(dayOf(whole?.time[0]), 'nothing that was kept is lost').toBe('2025-01-01');
    expect(await source.library?.size()).toMatchObject({ series: 1 });
  });

  it('L10 keeps bars within a day by months, up to some minutes ago', async () => {
    const minutes = vendor({ interval: '1h', timezone: 'UTC' });
    const hours = Array.from({ length: 24 * 60 }, (_, hour) => ({
      at: new Date(Date.UTC(2026, 9, 1, hour)).toISOString().slice(0, 16),
      close: 50 + (hour % 7),
      volume: hour,
    }));
    minutes.tell('BTC/USDT', hours);
    const library = await keeping(minutes);
    clock.set('2026-11-20T21:10:00.000Z');
    const request = { symbols: ['BTC/USDT'], interval: '1h', adjusted: false } as const;
    const [first] = await library.bars(request);
    const [second] = await library.bars(request);
    expect(first).toEqual((await minutes.bars(request))[0]);
    expect(second).toEqual(first);
    const newest = minutes.requests[1]?.from?.toISOString();
    expect(newest, 'the bar of 20:00 ended ten minutes ago, that of 19:00 is kept').toBe(
      '2026-11-20T10:00:00.000Z',
    );
  });

  it('L11 is not served old bars when the source fails, and goes on when it answers again', async () => {
    far.tell('AAPL', weekdayBars('2025-01-01', '2026-11-20'));
    await source.bars({ symbols: ['AAPL'], ...daily });
    far.problem = 'Source vendor does not answer.';
    await expect(source.bars({ symbols: ['AAPL'], ...daily })).rejects.toThrow('does not answer');
    far.problem = '';
    const [bars] = await source.bars({ symbols: ['AAPL'], ...daily });
    expect(bars?.time).toHaveLength(weekdayBars('2025-01-01', '2026-11-20').length);
  });

  it('L12 loses and mixes nothing when several processes change one series at once', async () => {
    far.tell('AAPL', weekdayBars('2018-01-01', '2026-11-20'));
    const processes = await Promise.all(Array.from({ length: 4 }, () => keeping(far)));
    const starts = [undefined, '2019-06-15', '2022-02-02', '2026-11-02'];
    await Promise.all(
      processes.flatMap((each, index) =>
        starts.map((_, turn) => {
          const from = starts[(index + turn) % starts.length];
          const to = turn === 2 ? new Date('2026-03-03') : undefined;
          return each.bars({
            symbols: ['AAPL'],
            ...daily,
            ...(from !== undefined && { from: new Date(from) }),
            ...(to && (from === undefined || from < '2026') && { to }),
          });
        }),
      ),
    );
    const [bars] = await source.bars({ symbols: ['AAPL'], ...daily });
    expect(bars).toEqual((await far.bars({ symbols: ['AAPL'], ...daily }))[0]);
    const kept = { symbols: ['AAPL'], ...daily, from: new Date('2022-02-02'), to: new Date('2026-11-19') };
    expect(await source.bars(kept)).toEqual(await far.bars(kept));
    const size = await source.library?.size();
    expect(size?.bars, 'all but today').toBe(weekdayBars('2018-01-01', '2026-11-19').length);
    expect(await told()).toEqual([]);
  });

  it('L13 forgets a symbol, or all of a source, and fetches it anew', async () => {
    for (const symbol of ['AAPL', 'MSFT']) far.tell(symbol, weekdayBars('2025-01-01', '2026-11-20'));
    await source.bars({ symbols: ['AAPL', 'MSFT'], ...daily });
    await source.bars({ symbols: ['AAPL'], ...daily, adjusted: true });
    expect(await source.library?.forget('AAPL')).toBe(2);
    expect(await source.library?.size()).toMatchObject({ series: 1 });
    await source.bars({ symbols: ['AAPL'], ...daily });
    expect(fromOf().at(-1)).toBe('all');
    expect(await source.library?.forget()).toBe(2);
    expect(await source.library?.size()).toEqual({ series: 0, bars: 0, bytes: 0 });
  });

  it('L14 hands on that somebody may cancel, and that the bar of today is wanted too', async () => {
    far.tell('AAPL', weekdayBars('2025-01-01', '2026-11-20'));
    const { signal } = new AbortController();
    for (let times = 0; times < 2; times++) {
      await source.bars({ symbols: ['AAPL'], ...daily, unfinished: true, signal });
    }
    expect(far.requests).toMatchObject([
      { unfinished: true, signal },
      { unfinished: true, signal },
    ]);
  });
}

function dayOf(time: number | undefined): string {
  return new Date(time ?? Number.NaN).toISOString().slice(0, 10);
}
