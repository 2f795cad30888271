/** Yahoo's names of exchanges and currencies in those of the desk. */

const calendars: Readonly<Record<string, readonly string[]>> = {
  XNAS: ['NMS', 'NGM', 'NCM', 'NAS', 'NIM'],
  XNYS: ['NYQ', 'NYS', 'ASE', 'PCX', 'BTS', 'BATS', 'PNK', 'OQB', 'OQX', 'SNP', 'DJI', 'CXI', 'FGI', 'WCB'],
  XLON: ['LSE', 'IOB', 'FSI'],
  XETR: ['GER'],
  XHKG: ['HKG'],
  XTKS: ['JPX', 'TYO', 'OSA'],
  XSHG: ['SHH', 'SSH'],
  XSHE: ['SHZ'],
  '24/7': ['CCC', 'CCCAGG'],
  '24/5': ['CCY'],
};

export function calendarOf(exchange: string): string | null {
  return Object.entries(calendars).find(([, exchanges]) => exchanges.includes(exchange))?.[0] ?? null;
}

/** Some exchanges quote in hundredths: London in pence, Johannesburg in cents, Tel Aviv in agorot. */
const hundredths: Readonly<Record<string, string>> = { GBp: 'GBP', GBX: 'GBP', ZAc: 'ZAR', ILA: 'ILS' };

/** The currency itself, and how many of what is quoted make one of it. */
export function majorCurrency(quoted: string): { readonly currency: string; readonly per: number } {
  const major = hundredths[quoted];
  return major === undefined ? { currency: quoted, per: 1 } : { currency: major, per: 100 };
}
