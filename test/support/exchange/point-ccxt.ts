/**
 * Makes a ccxt exchange talk to a local one.
 *
 * HTTP addresses are changed at the last moment, when a request leaves: ccxt chooses its error classes by the true
 * address, `https://api.binance.com/`, so rewriting `urls` would change what a refusal becomes. Websocket addresses are
 * rewritten in `urls`, with the host kept as the first part of the path, because ccxt tells streams apart by it.
 */
import type { Clock } from '../../../engine/clock.ts';

/** The part of a ccxt exchange that this touches. */
export interface PointableExchange {
  readonly urls: unknown;
  milliseconds: () => number;
  /** How ccxt sends on Node. */
  undiciRequest: (url: string, options: unknown) => Promise<unknown>;
  /** Prepares ccxt for `ws://`: it would only load what that needs for a proxy. */
  loadHttpProxyAgent: () => Promise<unknown>;
}

export interface PointedAt {
  readonly url: string;
  readonly wsUrl: string;
  readonly clock: Clock;
}

/** Its time becomes the local exchange's too. Must be done before the exchange sends anything. */
export async function pointCcxt(exchange: PointableExchange, at: PointedAt): Promise<void> {
  const send = exchange.undiciRequest.bind(exchange);
  exchange.undiciRequest = (url, options) => send(withHost(url, at.url), options);
  const { api } = exchange.urls as { readonly api: unknown };
  rewriteSockets(api, at.wsUrl);
  exchange.milliseconds = () => at.clock.now().getTime();
  await exchange.loadHttpProxyAgent();
}

function rewriteSockets(node: unknown, wsUrl: string): void {
  if (typeof node !== 'object' || node === null) return;
  const entries = node as Record<string, unknown>;
  for (const [name, value] of Object.entries(entries)) {
    if (typeof value === 'string') {
      if (value.startsWith('ws')) entries[name] = withHost(value, wsUrl);
    } else rewriteSockets(value, wsUrl);
  }
}

/** `https://api.binance.com/api/v3` becomes `http://127.0.0.1:4711/api.binance.com/api/v3`. */
function withHost(url: string, base: string): string {
  const { hostname, pathname, search } = new URL(url);
  return `${base}/${hostname}${pathname}${search}`;
}
