/**
 * How much an address may ask. What fails is limited, never what succeeds: a sender such as TradingView does not send again
 * what was answered with 429, and an alert that is lost costs money.
 *
 * Who has proved to be a sender of a hook is never limited there. At another hook the same address is a stranger.
 */
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isTradingView } from './auth/addresses.ts';
import type { HookName } from './hooks.ts';

/** Requests of any kind in a minute from an address that has proved nothing. */
const requestsPerMinute = 120;
/** Failed proofs in a minute from an address, at hooks at which it has proved nothing. */
const failuresPerMinute = 10;
const minuteMs = 60_000;
const remembered = 10_000;

export interface Limits {
  /** Whether a proof of this sender is looked at now. Asked right before, so that many at once do not slip by. */
  mayTry(request: FastifyRequest, hook: HookName): Promise<boolean>;
  failed(request: FastifyRequest): void;
  proved(request: FastifyRequest, hook: HookName): void;
}

export async function limitSenders(app: FastifyInstance): Promise<Limits> {
  const known = new Set<string>();
  const senders = new Set<string>();
  // From TradingView everybody may send, so a stranger's wrong keys must not shut out the user's own alerts.
  const isKnown = (address: string) => isTradingView(address) || known.has(address);

  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: minuteMs,
    allowList: (_, address) => isKnown(address),
    // How much is left is nobody's business; when to come back is.
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
  });
  // Not with the plugin's list of those that are let through: at a hook of somebody else they are counted.
  const failures = app.createRateLimit({ max: failuresPerMinute, timeWindow: minuteMs, allowList: [] });

  return {
    async mayTry(request, hook) {
      const address = normalizeIP(request.ip);
      if (isTradingView(request.ip) || senders.has(senderId(address, hook))) return true;
      const state = await failures(request, { increment: false });
      return state.isAllowed || state.remaining > 0;
    },
    failed(request) {
      void failures(request);
    },
    proved(request, hook) {
      const address = normalizeIP(request.ip);
      remember(known, address);
      remember(senders, senderId(address, hook));
    },
  };
}

function senderId(address: string, hook: HookName): string {
  return `${address} ${hook ?? ''}`;
}

function remember(set: Set<string>, entry: string): void {
  set.delete(entry);
  set.add(entry);
  const [oldest] = set;
  if (set.size > remembered && oldest !== undefined) set.delete(oldest);
}
