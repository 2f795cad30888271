/** A Binance on this machine, in a process of its own, that notes when each request came and how long it worked on it. */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { startBinance } from '../../../test/support/exchange/binance/index.ts';
import { withoutHost } from '../../../test/support/exchange/http.ts';

/** What it answers when it is asked for what it has seen. Milliseconds of the epoch, with fractions. */
export interface SeenRequest {
  readonly what: string;
  /** Of an order: ours. */
  readonly clientOrderId: string | undefined;
  readonly from: number;
  readonly until: number;
}

export interface ExchangeReady {
  readonly url: string;
  readonly keys: { readonly apiKey: string; readonly secret: string };
}

const binance = await startBinance();
binance.deposit('spot', 'USDT', '1000000');
binance.book('BTC/USDT').price('50000');

const began = new WeakMap<object, number>();
const seen: SeenRequest[] = [];
const now = () => performance.timeOrigin + performance.now();

interface Exchanged {
  readonly request: IncomingMessage;
}

subscribe('http.server.request.start', (message) => {
  began.set((message as Exchanged).request, now());
});
subscribe('http.server.response.finish', (message) => {
  const { request } = message as Exchanged;
  const url = new URL(request.url ?? '/', 'http://exchange');
  const until = now();
  const what = `${request.method} ${withoutHost(url.pathname)}`;
  const clientOrderId = what === 'POST /api/v3/order' ? binance.orders().at(-1)?.clientOrderId : undefined;
  seen.push({ what, clientOrderId, from: began.get(request) ?? until, until });
});

process.on('message', () => process.send?.(seen.splice(0)));
process.on('disconnect', () => process.exit());
process.send?.({ url: binance.url, keys: binance.keys } satisfies ExchangeReady);
