import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../support/temp-store.ts';
import { Authority, type Issued } from '../certificates.ts';
import { openDoor, sendersOf } from '../door.ts';
import { selfSigned } from '../self-signed.ts';

const key = 'demo-key-1234';
const alert = JSON.stringify({ key, action: 'buy', symbol: 'SP500', quantity: 1 });
const tradingView = '/C=US/ST=Ohio/L=Westerville/O=TradingView, Inc./CN=TradingView Webhooks';

/** A desk that ends TLS itself, and an authority that it trusts for senders. */
async function openTls(entry: object) {
  const folder = await tempFolder();
  const own = selfSigned();
  const files = { cert: join(folder, 'desk.pem'), key: join(folder, 'desk.key') };
  writeFileSync(files.cert, own.cert);
  writeFileSync(files.key, own.key);
  const trusted = new Authority(folder, 'trusted');
  const door = await openDoor(new Map([['demo', sendersOf(entry)]]), {
    settings: { tls: { ...files, clientCa: trusted.caFile } },
  });
  const post = (shown?: Issued, body = alert) =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = { method: 'POST', ca: own.cert, servername: 'localhost', agent: false, ...shown };
      request(`${door.url}/hooks/demo`, options, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      })
        .on('error', reject)
        .end(body);
    });
  return { ...door, folder, trusted, post };
}

describe('a certificate that the sender shows', () => {
  test('opens with the key, if its authority is trusted and its name is TradingView\u2019s', async () => {
    const { post, trusted, signals } = await openTls({ key, certificate: 'tradingview' });
    const shown = trusted.issue('good', { subject: tradingView });
    expect(await post(shown)).toBe(200);
    expect(await signals()).toHaveLength(1);
    expect(await post(shown, alert.replace(key, 'another-key')), 'it proves nothing about the user').toBe(
      404,
    );
  });

  test('of your own authority may stand alone', async () => {
    const { post, trusted } = await openTls({ certificate: { commonName: 'my box' } });
    expect(await post(trusted.issue('box', { subject: '/CN=my box' }))).toBe(200);
  });

  test('is refused when it is missing, foreign, over, for servers, of another name, or of two', async () => {
    const { post, trusted, folder, refused, signals } = await openTls({ key, certificate: 'tradingview' });
    const foreign = new Authority(folder, 'foreign');
    const attempts: [string, Issued | undefined][] = [
      ['none', undefined],
      ['signed by itself', selfSigned()],
      ['of a foreign authority', foreign.issue('same', { subject: tradingView })],
      ['over', trusted.issue('over', { subject: tradingView, days: -1 })],
      ['for servers', trusted.issue('server', { subject: tradingView, use: 'serverAuth' })],
      ['of another name', trusted.issue('other', { subject: '/CN=TradingView Webhooks.' })],
      ['of two names', trusted.issue('two', { subject: '/CN=x/CN=TradingView Webhooks' })],
    ];
    for (const [what, shown] of attempts) expect(await post(shown), what).toBe(404);
    expect(await signals()).toEqual([]);
    expect(
      refused.filter((line) => line.includes('no certificate that can be verified')).length,
    ).toBeGreaterThan(3);
  });

  test('cannot be asked for with a file that has no authority in it', async () => {
    const folder = await tempFolder();
    const own = selfSigned();
    const at = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const tls = { cert: at('cert', own.cert), key: at('key', own.key), clientCa: at('ca', own.key) };
    await expect(openDoor(new Map(), { settings: { tls } })).rejects.toThrow(
      /webhook\.tls\.clientCa: .* has no certificate in it/,
    );
  });
});
