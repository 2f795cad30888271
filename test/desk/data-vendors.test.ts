/** Bars of data vendors, asked for at the terminal of a whole desk. */
import { expect, it } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { tiingo } from '../support/vendors/tiingo.ts';
import { startVendor } from '../support/vendors/vendor.ts';
import { yahoo } from '../support/vendors/yahoo.ts';

it('lists, inspects, compares and draws the bars of data vendors, and shows no key', async () => {
  await using theirs = await startVendor(tiingo);
  await using charts = await startVendor(yahoo);
  const sources = {
    demo: { type: 'demo' },
    tiingo: { type: 'tiingo', ...tiingo.settings, gateway: theirs.url, library: true },
    yahoo: { type: 'yahoo', gateway: charts.url },
    all: { type: 'union', symbols: { ANVIL: { source: 'yahoo', symbol: 'ACME' } }, otherwise: 'demo' },
  };
  const desk = await startDesk({ desk: { sources } });
  desk.type('/data list');
  await desk.shows(/tiingo\S* {2}America\/New_York\nOver the network; cannot list its symbols\./);
  desk.type('/data inspect ACME source=yahoo');
  await desk.shows(/ACME at yahoo, 1d[\s\S]*2026-03-04[\s\S]*NYQ, America\/New_York, calendar XNYS/);
  desk.type('/data compare ACME yahoo tiingo');
  await desk.shows(/ACME, 1d: yahoo and tiingo/);
  desk.type('/data inspect ACEM source=tiingo');
  await desk.shows('Source tiingo has no symbol "ACEM". Did you mean ACME?');
  desk.type('/chart ANVIL max source=all');
  await desk.shows(/saved .*\.png/);
  desk.type('/backtest sma_cross ACEM');
  await desk.shows(
    /No source knows the symbol "ACEM" \(asked: demo, tiingo, yahoo, all\)\. Did you mean ACME\?/,
  );
  expect(desk.printed()).not.toContain(tiingo.settings['apiKey']);
});
