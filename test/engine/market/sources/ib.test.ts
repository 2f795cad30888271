/** Interactive Brokers' bars against the acceptance cards of a source, with a local TWS. */
import { silentLog } from '../../../../engine/log.ts';
import { createSource } from '../../../../engine/market/sources/index.ts';
import { ManualClock } from '../../../support/clock.ts';
import { sourceSuite } from '../../../support/suites/source-suite.ts';
import type { HistoryBar } from '../../../support/tws/index.ts';
import { listed, startTws } from '../../../support/tws/index.ts';
import { twsVendor } from '../../../support/tws/vendor.ts';
import { now, stocks, today } from '../../../support/vendors/stocks.ts';
import { surroundings } from '../../../support/vendors/vendor.ts';

/** TWS has no prices as they were traded: all of them are adjusted for splits, such as that of ACME on 10 March. */
const splitFactor = (date: string) => (date < '2026-03-10' ? 0.5 : 1);
const acme = stocks.find(({ symbol }) => symbol === 'ACME');
const days = (acme?.days ?? []).map(({ date, close, factor }) => ({
  ...{ date, close: close * splitFactor(date), adjusted: close * factor },
}));

/** With ACME's prices as Apple's, a day of which TWS has none, and today's session so far. */
function bars(factorOf: (date: string, factor: number) => number): HistoryBar[] {
  const finished = (acme?.days ?? []).map(
    ({ date, open, high, low, close, volume, factor: own }): HistoryBar => {
      const factor = factorOf(date, own);
      const prices = { open: open * factor, high: high * factor, low: low * factor, close: close * factor };
      return { time: Date.parse(date), ...prices, volume };
    },
  );
  const none = { time: Date.parse('2026-03-03'), open: -1, high: -1, low: -1, close: -1, volume: -1 };
  const { date, ...prices } = today;
  return [none, ...finished, { time: Date.parse(date), ...prices }];
}

sourceSuite('ib', async () => {
  const clock = new ManualClock(now);
  const tws = await startTws({ clock });
  const pauses: number[] = [];
  const raw = bars(splitFactor);
  for (const symbol of ['AAPL', 'MSFT']) {
    tws.price(symbol, '51.75');
    tws.server.history.put(listed(symbol).conId, '1 day', raw);
    const adjusted = bars((_, factor) => factor);
    tws.server.history.put(listed(symbol).conId, '1 day', adjusted, 'ADJUSTED_LAST');
  }
  const source = (settings: object = {}) =>
    createSource(
      'ib',
      { type: 'ib', port: tws.port, ...settings },
      // TWS counts the seconds between questions.
      { clock, log: silentLog, ...surroundings(pauses, clock) },
    );
  return {
    ...{ days, symbols: ['MSFT', 'AAPL'], misspelt: { symbol: 'APPL', meant: 'AAPL' } },
    unfinished: today.date,
    source: await source(),
    hurried: await source({ timeoutSeconds: 0.1, clientId: 19 }),
    vendor: twsVendor(tws, clock, pauses),
    spoilt: {
      body: { bars: ['', '', 1, '20260304', '50.5', '51', 'none', '50.5', '10000', '50.5', 10] },
      names: /0\.low/,
    },
    tooOften: {
      status: 200,
      body: {
        code: 162,
        text: 'Historical Market Data Service error message:Historical data request pacing violation',
      },
      waitedMs: 15_000,
    },
    close: () => tws.close(),
  };
});
