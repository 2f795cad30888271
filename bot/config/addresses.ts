/** Addresses and ranges of them, as the configuration writes them: `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`. */
import { isIP } from 'node:net';
import { z } from 'zod';

export const addressOrRange = z
  .string()
  .refine(isAddressOrRange, 'must be an address or a range such as 10.0.0.0/8');

function isAddressOrRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
