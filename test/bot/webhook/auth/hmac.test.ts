import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openDoor, sendersOf } from '../door.ts';

const secret = 'a-secret-of-some-length';
const settings = sendersOf({ hmac: { secret } });
const now = Date.parse('2024-11-29T09:48:26.000Z') / 1000;
const body = '{"action":"buy","symbol":"SP500","quantity":1}';

function signed(text: string, { time = String(now), using = secret, names = defaultNames } = {}) {
  const signature = createHmac('sha256', using).update(`${time}.${text}`).digest('hex');
  return { [names.time]: time, [names.signature]: signature };
}
const defaultNames = { time: 'x-outcry-timestamp', signature: 'x-outcry-signature' };

describe('a signed alert', () => {
  test.each([
    ['in seconds', signed(body)],
    ['in milliseconds', signed(body, { time: `${now}123` })],
    ['with the name of the algorithm', named('sha256=', signed(body))],
    ['in capitals', upper(signed(body))],
    ['as old as is allowed', signed(body, { time: String(now - 120) })],
    ['as far in the future as is allowed', signed(body, { time: String(now + 120) })],
  ])('%s is taken', async (_, headers) => {
    const { post, signals } = await openDoor(new Map([['demo', settings]]));
    expect((await post(body, { headers })).status).toBe(200);
    expect(await signals()).toMatchObject([{ book: 'demo', summary: 'buy 1 SP500' }]);
  });

  test.each([
    ['with another secret', signed(body, { using: 'another-secret-as-long' }), 'a wrong signature'],
    ['for another body', signed(`${body} `), 'a wrong signature'],
    ['for another time', { ...signed(body), 'x-outcry-timestamp': String(now + 1) }, 'a wrong signature'],
    ['121 s ago', signed(body, { time: String(now - 121) }), 'a message 121 s old'],
    ['121 s in the future', signed(body, { time: String(now + 121) }), 'a message 121 s in the future'],
    ['at no time', signed(body, { time: 'now' }), 'no Unix time'],
    ['at an empty time', signed(body, { time: '' }), 'no Unix time'],
    ['but without its time', omit(signed(body), 'x-outcry-timestamp'), 'a wrong signature'],
    ['not at all', {}, 'no signature'],
    ['with nothing', { ...signed(body), 'x-outcry-signature': '' }, 'a wrong signature'],
  ])('%s is refused', async (_, headers, why) => {
    const { post, refused, signals } = await openDoor(new Map([['demo', settings]]));
    const response = await post(body, { headers });
    expect([response.status, await response.text()]).toEqual([404, '{"error":"not found"}']);
    expect(refused).toEqual([expect.stringContaining(why)]);
    expect(await signals()).toEqual([]);
  });

  test('that is sent again at once is the same signal; a minute later it is a replay', async () => {
    const { post, clock, signals } = await openDoor(new Map([['demo', settings]]));
    const headers = signed(body);
    const first = await (await post(body, { headers })).json();
    clock.advance(5000);
    expect(await (await post(body, { headers })).json()).toEqual(first);
    clock.advance(56_000);
    expect((await post(body, { headers })).status).toBe(404);
    expect(await signals()).toHaveLength(1);
  });

  test('that its sender signs anew for each attempt is one signal all the same', async () => {
    const { post, clock, signals } = await openDoor(new Map([['demo', settings]]));
    for (let attempt = 0; attempt < 3; attempt++) {
      const headers = signed(body, { time: String(now + attempt * 5) });
      expect((await post(body, { headers })).status).toBe(200);
      clock.advance(5000);
    }
    expect(await signals()).toHaveLength(1);
  });

  test('may have it in headers of other names', async () => {
    const names = { time: 'x-time', signature: 'x-hub-signature-256' };
    const own = sendersOf({
      hmac: { secret, timestampHeader: 'X-Time', signatureHeader: 'X-Hub-Signature-256' },
    });
    const { post } = await openDoor(new Map([['demo', own]]));
    expect((await post(body, { headers: signed(body) })).status).toBe(404);
    expect((await post(body, { headers: signed(body, { names }) })).status).toBe(200);
  });
});

type Headers = Record<string, string>;

function named(prefix: string, headers: Headers): Headers {
  return { ...headers, 'x-outcry-signature': `${prefix}${headers['x-outcry-signature']}` };
}

function upper(headers: Headers): Headers {
  return { ...headers, 'x-outcry-signature': String(headers['x-outcry-signature']).toUpperCase() };
}

function omit(headers: Headers, name: string): Headers {
  const { [name]: _, ...rest } = headers;
  return rest;
}
