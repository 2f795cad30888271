/** What the settings of several sources have in common. */
import { z } from 'zod';

export const folder = z.string().min(1, 'must name a folder').default('data');

export const timezone = z.string().refine(isTimezone, 'must be a time zone such as America/New_York');

export const currency = z.string().regex(/^[A-Z0-9]{2,10}$/, 'must be a currency code such as USD or USDT');

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
