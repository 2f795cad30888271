/** Every data vendor against the acceptance cards, with its stand-in on this machine. */
import { sourceSuite } from '../../../support/suites/source-suite.ts';
import { alpaca } from '../../../support/vendors/alpaca.ts';
import { eodhd } from '../../../support/vendors/eodhd.ts';
import { stocks, today } from '../../../support/vendors/stocks.ts';
import { tiingo } from '../../../support/vendors/tiingo.ts';
import { twelvedata } from '../../../support/vendors/twelvedata.ts';
import { startVendor, type VendorDialect } from '../../../support/vendors/vendor.ts';
import { yahoo } from '../../../support/vendors/yahoo.ts';

const acme = stocks.find(({ symbol }) => symbol === 'ACME');
const days = (acme?.days ?? []).map(({ date, close, factor }) => ({ date, close, adjusted: close * factor }));

interface Facts {
  readonly dialect: VendorDialect;
  readonly missing?: '4h';
  readonly hasToday: boolean;
  /** An answer in its shape, save for one field. */
  readonly spoilt: { readonly body: unknown; readonly names: RegExp };
  readonly tooOften: { readonly status: number; readonly body: unknown };
  readonly wrongKey?: Readonly<Record<string, string>>;
}

const wrong = 'notTheKey0123456789';
const vendors: readonly Facts[] = [
  {
    dialect: yahoo,
    missing: '4h',
    hasToday: true,
    spoilt: {
      body: { chart: { result: [{ timestamp: [1] }], error: null } },
      names: /chart\.result\.0\.meta/,
    },
    tooOften: { status: 429, body: 'Too Many Requests\r\n' },
  },
  {
    dialect: tiingo,
    missing: '4h',
    hasToday: false,
    spoilt: {
      body: [{ date: '2026-03-04T00:00:00.000Z', open: 1, high: 1, low: 1, close: 'one', volume: 1 }],
      names: /0\.close/,
    },
    // With the status of a success.
    tooOften: { status: 200, body: { detail: 'Error: You have run over your hourly request allocation.' } },
    wrongKey: { apiKey: wrong },
  },
  {
    dialect: alpaca,
    hasToday: true,
    spoilt: {
      body: { bars: { ACME: [{ t: 'yesterday' }] }, next_page_token: null },
      names: /bars\.ACME\.0\.t/,
    },
    tooOften: { status: 429, body: { message: 'too many requests.' } },
    wrongKey: { secret: wrong },
  },
  {
    dialect: eodhd,
    missing: '4h',
    hasToday: false,
    spoilt: { body: [{ date: '2026-03-04', open: {}, high: 1 }], names: /0\.open/ },
    tooOften: { status: 429, body: 'Too many requests' },
    wrongKey: { apiKey: wrong },
  },
  {
    dialect: twelvedata,
    hasToday: true,
    spoilt: {
      body: { meta: { symbol: 'ACME' }, values: [{ datetime: '2026-03-04', open: 'NaN' }], status: 'ok' },
      names: /values\.0\.open: is not a number/,
    },
    tooOften: {
      status: 200,
      body: {
        code: 429,
        message: 'You have run out of API credits for the current minute.',
        status: 'error',
      },
    },
    wrongKey: { apiKey: wrong },
  },
];

for (const { dialect, missing, hasToday, spoilt, tooOften, wrongKey } of vendors) {
  sourceSuite(dialect.type, async () => {
    const vendor = await startVendor(dialect);
    return {
      ...{ vendor, days, spoilt, tooOften },
      ...(missing && { missing }),
      source: await vendor.source(),
      symbols: ['ACME', 'BOLT'],
      misspelt: { symbol: 'ACEM', meant: 'ACME' },
      ...(hasToday && { unfinished: today.date }),
      hurried: await vendor.source({ timeoutSeconds: 0.1 }),
      ...(wrongKey && { strange: { source: await vendor.source(wrongKey), key: wrong } }),
      close: async () => vendor[Symbol.asyncDispose](),
    };
  });
}
