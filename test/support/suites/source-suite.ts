/**
 * The acceptance cards of a source of prices. Every source passes all of S; those over a network also pass N, against their
 * own stand-in for the vendor, where everything that a vendor can do wrong is done on purpose.
 */
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../engine/errors.ts';
import type { Bars, Interval } from '../../../engine/market/bars.ts';
import type { Source } from '../../../engine/market/sources/source.ts';
import type { Faults } from '../exchange/faults.ts';
import { answerPage, answerStatus, cutReply, loseReply, neverReply } from '../exchange/faults.ts';
import type { LocalVendor } from '../vendors/vendor.ts';

export interface SourceUnderTest {
  readonly source: Source;
  /** Two that it has, as it writes them, in another order than its own. */
  readonly symbols: readonly [string, string];
  /** One that it does not have, and the one that was meant. */
  readonly misspelt: { readonly symbol: string; readonly meant: string };
  /** Finished sessions of the first symbol, oldest first, with their closes as traded and adjusted. */
  readonly days: readonly { readonly date: string; readonly close: number; readonly adjusted: number }[];
  /** One that it does not have, where there is one. */
  readonly missing?: Interval;
  /** The date of the session that is under way, where the source has its bar. */
  readonly unfinished?: string;
  readonly vendor?: Pick<LocalVendor, 'requests' | 'pauses'> & {
    readonly faults: Pick<Faults, 'next' | 'always' | 'pending'>;
  };
  /** The same source, whose vendor has a tenth of a second to answer. */
  readonly hurried?: Source;
  /** The same source with a key that the vendor does not know, and that key. */
  readonly strange?: { readonly source: Source; readonly key: string };
  /** How a bar's field is spoilt in an answer, and what the message must name. */
  readonly spoilt?: { readonly body: unknown; readonly names: RegExp };
  /** How the vendor says that it was asked too often; and for how long it is waited, where it does not say that. */
  readonly tooOften?: { readonly status: number; readonly body: unknown; readonly waitedMs?: number };
  close(): Promise<void>;
}

const dayMs = 86_400_000;
const at = (date: string) => new Date(`${date}T00:00:00Z`);
const dates = (bars: Bars) => [...bars.time].map((time) => new Date(time).toISOString().slice(0, 10));

export function sourceSuite(name: string, open: () => Promise<SourceUnderTest>): void {
  const card = (title: string, body: (tested: SourceUnderTest) => Promise<void>) =>
    test(title, { timeout: 60_000 }, async () => {
      const tested = await open();
      try {
        await body(tested);
      } finally {
        await tested.close();
      }
    });

  describe(`${name} keeps the contract of a source`, () => {
    card('S1 bars come in the order in which their symbols were asked for', async ({ source, symbols }) => {
      const found = await source.bars({ symbols, interval: '1d', adjusted: false });
      expect(found.map(({ symbol }) => symbol)).toEqual(symbols);
      const [one, other] = symbols;
      const turned = await source.bars({ symbols: [other, one], interval: '1d', adjusted: false });
      expect(turned.map(({ symbol }) => symbol)).toEqual([other, one]);
    });

    card('S2 a range has both its ends', async ({ source, symbols, days }) => {
      const [first, , , last] = days;
      if (!first || !last) throw new Error('the suite needs four days');
      const [bars] = await source.bars({
        symbols: [symbols[0]],
        interval: '1d',
        adjusted: false,
        from: at(first.date),
        to: at(last.date),
      });
      expect(bars && dates(bars)).toEqual(days.slice(0, 4).map(({ date }) => date));
    });

    card('S3 an unknown symbol is answered with the one that was meant', async ({ source, misspelt }) => {
      const asked = source.bars({ symbols: [misspelt.symbol], interval: '1d', adjusted: false });
      await expect(asked).rejects.toThrow(UserError);
      const line = `Source ${source.name} has no symbol "${misspelt.symbol}". Did you mean ${misspelt.meant}`;
      await expect(asked).rejects.toThrow(line);
      await expect(source.lastPrice(misspelt.symbol)).rejects.toThrow(line);
    });

    card('S4 a range without bars says so, and which', async ({ source, symbols }) => {
      for (const range of [
        { from: at('2050-01-01') },
        { from: at('1951-01-01'), to: at('1951-02-01') },
        { from: at('2020-02-02'), to: at('2020-02-01') },
      ]) {
        const asked = source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: true, ...range });
        await expect(asked).rejects.toThrow(UserError);
        const from = range.from.toISOString().slice(0, 10);
        // Of a union it is the source behind it that says so.
        await expect(asked).rejects.toThrow(
          new RegExp(`^Source \\w+ has no bars of ${symbols[0]} from ${from}`),
        );
      }
    });

    card('S5 an interval that it does not have is refused with those that it has', async (tested) => {
      const { source, symbols, missing } = tested;
      if (!missing) return;
      const asked = source.bars({ symbols: [symbols[0]], interval: missing, adjusted: false });
      await expect(asked).rejects.toThrow(UserError);
      await expect(asked).rejects.toThrow(new RegExp(`has no ${missing} bars.*, only .*1d`));
    });

    card('S6 prices are as they were traded, or adjusted for splits and dividends', async (tested) => {
      const { source, symbols, days } = tested;
      const from = at(days[0]?.date ?? '');
      const to = at(days.at(-1)?.date ?? '');
      for (const adjusted of [false, true]) {
        const [bars] = await source.bars({ symbols: [symbols[0]], interval: '1d', adjusted, from, to });
        expect(bars && dates(bars)).toEqual(days.map(({ date }) => date));
        for (const [index, day] of days.entries()) {
          expect(bars?.close[index], day.date).toBeCloseTo(adjusted ? day.adjusted : day.close, 6);
          const [open = Number.NaN, high = Number.NaN, low = Number.NaN] = [
            ...[bars?.open[index], bars?.high[index], bars?.low[index]],
          ];
          expect(low <= Math.min(open, bars?.close[index] ?? 0), `the low of ${day.date}`).toBe(true);
          expect(high >= Math.max(open, bars?.close[index] ?? 0), `the high of ${day.date}`).toBe(true);
        }
      }
    });

    card('S7 times ascend, and a day has midnight UTC of its date', async ({ source, symbols }) => {
      const [bars] = await source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: true });
      const times = [...(bars?.time ?? [])];
      expect(times.length).toBeGreaterThan(3);
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      expect(times.filter((time) => time % dayMs !== 0)).toEqual([]);
    });

    card('S8 no price is missing, whatever the vendor leaves out', async ({ source, symbols }) => {
      const [bars] = await source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: true });
      for (const column of [bars?.open, bars?.high, bars?.low, bars?.close]) {
        expect(column).toHaveLength(bars?.time.length ?? -1);
        expect([...(column ?? [])].filter((price) => !Number.isFinite(price) || price <= 0)).toEqual([]);
      }
    });

    card('S9 the last price is decimal text with its currency and its time', async ({ source, symbols }) => {
      const { symbol, price, currency, at: when } = await source.lastPrice(symbols[0].toLowerCase());
      expect(symbol).toBe(symbols[0]);
      expect(price).toMatch(/^\d+(\.\d+)?$/);
      expect(price).not.toMatch(/\.\d*0$/);
      expect(currency).toMatch(/^[A-Z0-9]{2,10}$/);
      expect(when.getTime()).not.toBeNaN();
    });

    card('S10 a symbol is found by its name, itself first, and not more than are wanted', async (tested) => {
      const { source, symbols } = tested;
      const [found] = await source.symbols(symbols[0].toLowerCase(), 5);
      expect(found?.symbol).toBe(symbols[0]);
      expect((await source.symbols(symbols[0].slice(0, 2), 1)).length).toBeLessThanOrEqual(1);
      const all = await source.symbols('', 1000);
      if (source.remote?.listsSymbols !== false)
        expect(all.map(({ symbol }) => symbol)).toContain(symbols[1]);
    });

    card(
      'S11 weeks and months are whole ones, whichever day is asked from',
      async ({ source, symbols, days }) => {
        const daily = { symbols: [symbols[0]], adjusted: true } as const;
        for (const interval of ['1w', '1mo'] as const) {
          const [all] = await source.bars({ ...daily, interval });
          const first = all?.time[0] ?? Number.NaN;
          // From the second on, the first is left out and the others are the same.
          const next = new Date(first + dayMs);
          const rest = await source.bars({ ...daily, interval, from: next }).catch((error: unknown) => error);
          if ((all?.time.length ?? 0) === 1) expect(rest).toBeInstanceOf(UserError);
          else expect([...((rest as Bars[])[0]?.close ?? [])]).toEqual([...(all?.close ?? [])].slice(1));
          const last = days.at(-1);
          expect(all?.close.at(-1)).toBeCloseTo(last?.adjusted ?? Number.NaN, 6);
        }
      },
    );

    card('S12 the bar that is still being made comes only when it is asked for', async (tested) => {
      const { source, symbols, days, unfinished } = tested;
      const daily = { symbols: [symbols[0]], interval: '1d', adjusted: false } as const;
      const [finished] = await source.bars(daily);
      expect(finished && dates(finished).at(-1)).toBe(days.at(-1)?.date);
      const [all] = await source.bars({ ...daily, unfinished: true });
      expect(all && dates(all).at(-1)).toBe(unfinished ?? days.at(-1)?.date);
    });

    card('N1 a vendor that is silent is given up in one line', async ({ hurried, symbols, vendor }) => {
      if (!hurried || !vendor) return;
      const silence = vendor.faults.always(() => true, neverReply);
      const asked = hurried.bars({ symbols: [symbols[0]], interval: '1d', adjusted: false });
      await expect(asked).rejects.toThrow(/^Source .* did not answer[^\n]*$/);
      silence();
    });

    card('N2 who cancels does not wait, and nothing more is asked', async ({ source, symbols, vendor }) => {
      if (!vendor) return;
      await source.bars({ symbols, interval: '1d', adjusted: false });
      const before = vendor.requests.length;
      const cancel = new AbortController();
      let arrived = () => {};
      const heard = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const silence = vendor.faults.always(() => {
        arrived();
        return true;
      }, neverReply);
      const asked = source.bars({ symbols, interval: '1d', adjusted: false, signal: cancel.signal });
      const ended = expect(asked).rejects.toThrow();
      await heard;
      cancel.abort(new UserError('Cancelled.'));
      await ended;
      silence();
      expect(vendor.requests.length - before).toBeLessThanOrEqual(symbols.length);
      const [again] = await source.bars({ symbols, interval: '1d', adjusted: false });
      expect(again?.symbol).toBe(symbols[0]);
    });

    card('N3 asked too often, it waits as long as the vendor says and asks again', async (tested) => {
      const { source, symbols, vendor, tooOften } = tested;
      if (!vendor || !tooOften) return;
      const { waitedMs = 7_000, ...reply } = tooOften;
      const fault = { acts: 0, reply: { ...reply, headers: { 'retry-after': '7' } } } as const;
      vendor.faults.next(() => true, fault);
      const [bars] = await source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: false });
      expect(bars?.time.length).toBeGreaterThan(3);
      expect(vendor.pauses.filter((ms) => ms >= waitedMs - 1000 && ms <= waitedMs)).toHaveLength(1);
    });

    card('N4 asked too often for good, it says so and does not wait for ever', async (tested) => {
      const { source, symbols, vendor, tooOften } = tested;
      if (!vendor || !tooOften) return;
      vendor.faults.always(() => true, { acts: 0, reply: tooOften });
      const asked = source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: false });
      await expect(asked).rejects.toThrow(/^Source .* was asked too often[^\n]*$/);
      expect(vendor.requests.length).toBeLessThan(6);
    });

    card('N5 a fault that passes is not noticed', async ({ source, symbols, vendor }) => {
      if (!vendor) return;
      for (const fault of [answerStatus(500), answerStatus(503), loseReply])
        vendor.faults.next(() => true, fault);
      const [bars] = await source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: false });
      expect(bars?.time.length).toBeGreaterThan(3);
      expect(vendor.faults.pending).toBe(0);
    });

    card('N6 a fault that stays is one line', async ({ source, symbols, vendor }) => {
      if (!vendor) return;
      for (const fault of [answerStatus(500), answerPage(), cutReply]) {
        const over = vendor.faults.always(() => true, fault);
        const asked = source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: false });
        await expect(asked).rejects.toThrow(UserError);
        await expect(asked).rejects.toThrow(new RegExp(`^Source ${source.name}: [^\n<]*$`));
        over();
      }
    });

    card(
      'N7 an answer with a field that is wrong names the field',
      async ({ source, symbols, vendor, spoilt }) => {
        if (!vendor || !spoilt) return;
        await source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: false });
        vendor.faults.next(() => true, { acts: 0, reply: { status: 200, body: spoilt.body } });
        const asked = source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: false });
        await expect(asked).rejects.toThrow(UserError);
        await expect(asked).rejects.toThrow(spoilt.names);
      },
    );

    card('N8 a key that the vendor does not take is told, but not shown', async ({ strange, symbols }) => {
      if (!strange) return;
      const { source, key } = strange;
      const asked = source.bars({ symbols: [symbols[0]], interval: '1d', adjusted: false });
      await expect(asked).rejects.toThrow(
        `does not take the key. Check it under sources.${source.name} in desk.yaml.`,
      );
      const told = await asked.catch((error: unknown) => String(error));
      expect(told).not.toContain(key);
    });
  });
}
