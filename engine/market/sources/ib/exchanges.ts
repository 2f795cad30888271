/** Interactive Brokers' names of exchanges in those of the desk's calendars. */
import { ianaZoneOf } from '../../../brokers/ib/times.ts';
import { calendar } from '../../calendars/index.ts';
import { timezone } from '../settings.ts';
import type { Market } from '../source.ts';

/** Frankfurt's floor (`FWB`) is open until late in the evening, on the days of Xetra: it has no calendar here. */
const exchanges: Readonly<Record<string, readonly string[]>> = {
  XNAS: ['NASDAQ'],
  XNYS: ['NYSE', 'ARCA', 'AMEX', 'BATS', 'IEX', 'PINK'],
  XLON: ['LSE', 'LSEETF'],
  XETR: ['IBIS', 'IBIS2'],
  XHKG: ['SEHK'],
  XTKS: ['TSEJ'],
  XSHG: ['SEHKNTL'],
  XSHE: ['SEHKSZSE'],
};

/**
 * @param zone as TWS calls that of the share's sessions
 * @param otherwise where it says none, or one that nobody knows
 */
export function marketOf(exchange: string, zone: string | undefined, otherwise: string): Market {
  const found = Object.entries(exchanges).find(([, names]) => names.includes(exchange))?.[0];
  if (found !== undefined) return { exchange, timezone: calendar(found).zone, calendar: found };
  const iana = zone === undefined ? otherwise : ianaZoneOf(zone);
  const isKnown = timezone.safeParse(iana).success;
  return { exchange, timezone: isKnown ? iana : otherwise, calendar: null };
}
