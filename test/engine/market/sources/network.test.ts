/** What the cards of a source do not ask: Yahoo's own ways, the pace of questions, and the way through a proxy. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Pace } from '../../../../engine/market/sources/remote/pace.ts';
import { throughProxy } from '../../../../engine/market/sources/remote/proxy.ts';
import { ManualClock } from '../../../support/clock.ts';
import { tiingo } from '../../../support/vendors/tiingo.ts';
import { startVendor } from '../../../support/vendors/vendor.ts';
import { yahoo } from '../../../support/vendors/yahoo.ts';

const daily = { interval: '1d', adjusted: false } as const;

describe('a source of the type yahoo', () => {
  test("shows today's session by its quote, which is newer than its bar", async () => {
    await using vendor = await startVendor(yahoo);
    const source = await vendor.source();
    const [bars] = await source.bars({ ...daily, symbols: ['ACME'], unfinished: true });
    const last = (column: Float64Array | undefined) => column?.at(-1);
    expect([bars?.open, bars?.high, bars?.low, bars?.close, bars?.volume].map(last)).toEqual([
      50.5, 52, 50.25, 51.75, 44_000,
    ]);
  });

  test('gives pence as pounds, in bars and as a last price', async () => {
    await using vendor = await startVendor(yahoo);
    const source = await vendor.source();
    const [bars] = await source.bars({ ...daily, symbols: ['BOLT'] });
    expect(bars?.close.at(-1)).toBe(0.22);
    expect(await source.lastPrice('BOLT')).toMatchObject({ price: '0.22', currency: 'GBP' });
    expect(await source.market?.('BOLT')).toEqual({
      exchange: 'LSE',
      timezone: 'Europe/London',
      calendar: 'XLON',
    });
  });

  test('reads minutes in as many answers as Yahoo wants, as far back as it has them', async () => {
    await using vendor = await startVendor(yahoo);
    const source = await vendor.source();
    const minutes = { interval: '1m', adjusted: false, symbols: ['ACME'] } as const;
    const [bars] = await source.bars({ ...minutes, from: new Date('2025-01-01') });
    expect([...(bars?.close ?? [])]).toEqual([49.4, 49.55, 49.7]);
    expect(bars?.time[0]).toBe(Date.parse('2026-03-12T13:30:00Z'));
    expect(vendor.requests.length).toBe(5);
    await expect(
      source.bars({ ...minutes, from: new Date('2025-01-01'), to: new Date('2025-02-01') }),
    ).rejects.toThrow('Source yahoo has 1m bars of the last 29 days only.');
  });

  test('gives a session its bar once its market has closed', async () => {
    await using vendor = await startVendor(yahoo);
    const source = await vendor.source();
    vendor.clock.set('2026-03-13T20:00:00Z');
    const [bars] = await source.bars({ ...daily, symbols: ['ACME'] });
    expect(bars?.time.at(-1)).toBe(Date.parse('2026-03-13'));
  });
});

describe('the pace of questions', () => {
  test('keeps every limit, and the order of those who wait', () => {
    const clock = new ManualClock();
    const pace = new Pace(
      [
        { requests: 2, perMs: 1_000 },
        { requests: 3, perMs: 60_000 },
      ],
      clock,
    );
    expect([pace.take(), pace.take(), pace.take(), pace.take()]).toEqual([0, 0, 1_000, 60_000]);
    clock.advance(60_500);
    expect(pace.waitMs).toBe(0);
  });

  test('is told with the time at which there is a place again, when that is too far away', async () => {
    await using vendor = await startVendor(tiingo);
    const source = await vendor.source({ requestsPerHour: 1 });
    await source.bars({ ...daily, symbols: ['ACME'] });
    await expect(source.bars({ ...daily, symbols: ['BOLT'] })).rejects.toThrow(
      'Source tiingo: as many questions as Tiingo allows were asked. The next one may be asked at 16:00 UTC.',
    );
  });
});

describe('a proxy', () => {
  test('is asked for the whole address over http, with its own password', async () => {
    const seen: IncomingMessage[] = [];
    await using proxy = await startProxy((request) => seen.push(request));
    const fetch = throughProxy(`http://ann:s%40fe@${proxy.host}`);
    const answer = await fetch('http://vendor.test/prices?a=1', {
      headers: { 'x-key': 'k' },
      signal: AbortSignal.timeout(30_000),
    });
    expect([answer.status, await answer.text(), answer.headers.get('x-from')]).toEqual([200, '[]', 'proxy']);
    expect(seen[0]?.url).toBe('http://vendor.test/prices?a=1');
    expect(seen[0]?.headers).toMatchObject({
      host: 'vendor.test',
      'x-key': 'k',
      'proxy-authorization': `Basic ${Buffer.from('ann:s@fe').toString('base64')}`,
    });
  });

  test('gets no key of a vendor over https, and says so when it refuses the way', async () => {
    const seen: IncomingMessage[] = [];
    await using proxy = await startProxy((request) => seen.push(request));
    const fetch = throughProxy(`http://${proxy.host}`);
    const asked = fetch('https://vendor.test/prices?token=secret', {
      headers: { 'x-key': 'secret' },
      signal: AbortSignal.timeout(30_000),
    });
    await expect(asked).rejects.toThrow(`the proxy ${proxy.host} refused the way to vendor.test:443: 407`);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['CONNECT vendor.test:443']);
    expect(JSON.stringify(seen[0]?.headers)).not.toContain('secret');
  });
});

/** Answers what it is asked itself, and opens no tunnel. */
async function startProxy(
  hear: (request: IncomingMessage) => void,
): Promise<AsyncDisposable & { readonly host: string }> {
  const server = createServer((request, response) => {
    hear(request);
    response.writeHead(200, { 'x-from': 'proxy' }).end('[]');
  });
  server.on('connect', (request, socket) => {
    hear(request);
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
