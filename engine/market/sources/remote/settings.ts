/** Settings that every source over a network has. */
import { z } from 'zod';

export const networkSettings = {
  /** An HTTP proxy on the way out. */
  proxy: z
    .url({
      protocol: /^http$/,
      error: 'must be the address of an HTTP proxy, such as "http://10.0.0.5:3128"',
    })
    .optional(),
  /** A server that is asked in the vendor's place; it gets the vendor's host as the first part of the path. */
  gateway: z
    .url({ protocol: /^https?$/, error: 'must be an address such as "http://127.0.0.1:8090"' })
    .optional(),
  /** How long the vendor may take to answer. */
  timeoutSeconds: z.number().positive().max(120).default(15),
};

export function requestsPerMinute(usual: number) {
  return z.number().positive().max(10_000).default(usual);
}

export const secret = z.string().min(1, 'must not be empty');
