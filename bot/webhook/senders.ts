/**
 * How much an address may ask. Whoever has proved a key is never limited away: a sender such as TradingView does not
 * send again what was answered with 429, and an alert that is lost costs money. Strangers get few tries.
 */
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Requests of any kind in a minute from an address that has proved nothing. */
const requestsPerMinute = 120;
/** Wrong keys in a minute from an address that has proved nothing. */
const failuresPerMinute = 10;
const minuteMs = 60_000;
const rememberedSenders = 10_000;

/**
 * TradingView sends everybody's alerts from these, so a stranger's wrong keys must not shut out the user's own.
 * https://www.tradingview.com/support/solutions/43000529348-about-webhooks/
 */
const tradingView = ['52.89.214.238', '34.212.75.30', '54.218.53.128', '52.32.178.7'];

export interface Senders {
  /** Whether a key of this sender is looked at now. Asked right before, so that many at once do not slip by. */
  mayTry(request: FastifyRequest): Promise<boolean>;
  failed(request: FastifyRequest): void;
  proved(request: FastifyRequest): void;
}

export async function limitSenders(app: FastifyInstance): Promise<Senders> {
  const proven = new Set<string>();
  const isProven = (address: string) => tradingView.includes(address) || proven.has(address);

  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: minuteMs,
    allowList: (_, address) => isProven(address),
    // How much is left is nobody's business; when to come back is.
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
  });
  const failures = app.createRateLimit({ max: failuresPerMinute, timeWindow: minuteMs });

  return {
    async mayTry(request) {
      const state = await failures(request, { increment: false });
      return isProven(state.key) || state.isAllowed || state.remaining > 0;
    },
    failed(request) {
      void failures(request);
    },
    proved(request) {
      const address = normalizeIP(request.ip);
      proven.delete(address);
      proven.add(address);
      const [oldest] = proven;
      if (proven.size > rememberedSenders && oldest !== undefined) proven.delete(oldest);
    },
  };
}
