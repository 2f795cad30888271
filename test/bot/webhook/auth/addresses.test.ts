import { describe, expect, test } from 'vitest';
import { openDoor, sendersOf } from '../door.ts';

const key = 'demo-key-1234';
const body = JSON.stringify({ key, action: 'buy', symbol: 'SP500', quantity: 1 });
const proxy = { trustProxy: ['127.0.0.1'] };
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

describe('an address that is listed', () => {
  test.each([
    ['tradingview', '52.89.214.238', 200],
    ['tradingview', '52.32.178.7', 200],
    ['tradingview', '52.89.214.239', 404],
    ['tradingview', '::ffff:34.212.75.30', 200],
    [['10.1.0.0/16'], '10.1.255.1', 200],
    [['10.1.0.0/16'], '10.2.0.1', 404],
    [['10.1.0.0/16', '203.0.113.9'], '203.0.113.9', 200],
    [['2001:db8::/32'], '2001:db8:1::7', 200],
    [['2001:db8::/32'], '2001:db9::1', 404],
    [['10.1.0.0/16'], '2001:db8::1', 404],
  ])('%j: %s is answered with %i', async (addresses, address, status) => {
    const { post } = await openDoor(new Map([['demo', sendersOf({ key, addresses })]]), { settings: proxy });
    expect((await post(body, from(address))).status).toBe(status);
  });

  test('does not open without the key', async () => {
    const entry = sendersOf({ key, addresses: 'tradingview' });
    const { post, refused } = await openDoor(new Map([['demo', entry]]), { settings: proxy });
    const response = await post(body.replace(key, 'wrong-key-123'), from('52.89.214.238'));
    expect(response.status).toBe(404);
    expect(refused).toEqual(['webhook: a wrong key for the book "demo" from 52.89.214.238']);
  });

  test('cannot be claimed by whoever stands before the proxy, nor where no proxy is trusted', async () => {
    const entry = sendersOf({ key, addresses: 'tradingview' });
    const behind = await openDoor(new Map([['demo', entry]]), { settings: proxy });
    expect((await behind.post(body, from('52.89.214.238, 198.51.100.1'))).status).toBe(404);
    const alone = await openDoor(new Map([['demo', entry]]));
    expect((await alone.post(body, from('52.89.214.238'))).status).toBe(404);
  });
});
