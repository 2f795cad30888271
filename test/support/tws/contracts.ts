/** What is listed: enough shares to be found, mistaken for each other, and refused. */

export interface Listing {
  readonly conId: number;
  readonly symbol: string;
  readonly primaryExchange: string;
  readonly currency: string;
  readonly name: string;
  readonly timezone: string;
  /** From which price on which step, as a market rule says it. */
  readonly ticks: readonly { readonly from: string; readonly step: string }[];
  readonly marketRule: number;
  /** The account may not trade it. */
  readonly forbidden?: true;
  /** Prices are in hundredths of the currency. */
  readonly priceMagnifier?: number;
}

const usTicks = [{ from: '0', step: '0.01' }] as const;
const europeanTicks = [
  { from: '0', step: '0.001' },
  { from: '10', step: '0.005' },
  { from: '50', step: '0.01' },
  { from: '100', step: '0.05' },
] as const;
const us = { currency: 'USD', timezone: 'US/Eastern', ticks: usTicks, marketRule: 26 } as const;
const europe = { currency: 'EUR', timezone: 'MET', ticks: europeanTicks, marketRule: 240 } as const;

export const listings: readonly Listing[] = [
  { ...us, conId: 265598, symbol: 'AAPL', primaryExchange: 'NASDAQ', name: 'APPLE INC' },
  { ...us, conId: 756733, symbol: 'SPY', primaryExchange: 'ARCA', name: 'SPDR S&P 500 ETF TRUST' },
  { ...us, conId: 272093, symbol: 'MSFT', primaryExchange: 'NASDAQ', name: 'MICROSOFT CORP' },
  { ...us, conId: 72063691, symbol: 'BRK B', primaryExchange: 'NYSE', name: 'BERKSHIRE HATHAWAY INC-CL B' },
  { ...us, conId: 4762, symbol: 'SAP', primaryExchange: 'NYSE', name: 'SAP SE-SPONSORED ADR' },
  { ...europe, conId: 14204, symbol: 'SAP', primaryExchange: 'IBIS', name: 'SAP SE' },
  { ...europe, conId: 14094, symbol: 'BMW', primaryExchange: 'IBIS', name: 'BAYERISCHE MOTOREN WERKE AG' },
  { ...europe, conId: 14121, symbol: 'OMV', primaryExchange: 'VSE', name: 'OMV AG' },
  { ...europe, conId: 29612200, symbol: 'OMV', primaryExchange: 'IBIS', name: 'OMV AG' },
  {
    ...us,
    conId: 900001,
    symbol: 'NOPE',
    primaryExchange: 'NYSE',
    name: 'NOT FOR THIS ACCOUNT INC',
    forbidden: true,
  },
  {
    ...europe,
    conId: 900002,
    symbol: 'PNCE',
    primaryExchange: 'LSE',
    currency: 'GBP',
    name: 'PENCE PLC',
    priceMagnifier: 100,
  },
  // The invented stocks of the demo.
  ...['AMBR', 'BRKW', 'CLVR', 'DRFT', 'ELMO', 'FJRD', 'GRNT', 'HLYX'].map(
    (symbol, index): Listing => ({
      ...us,
      ...{ conId: 910_001 + index, symbol, primaryExchange: 'NYSE', name: `${symbol} INC` },
    }),
  ),
];
