/** A whole desk that trades at Interactive Brokers: alerts in, a local TWS with its nights and logouts out. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import type { DeskSettings } from '../support/desk.ts';
import { startDesk, writeDemo } from '../support/desk.ts';
import { tempFolder } from '../support/temp-store.ts';
import { startTws } from '../support/tws/index.ts';

const patience = { timeout: 45_000, interval: 20 };
const buy = { key: 'demo-key-1234', id: 'buy-1', action: 'buy', symbol: 'AAPL', quantity: 10 };

async function world() {
  const tws = await startTws();
  onTestFinished(() => tws.close());
  tws.deposit('USD', '100000');
  tws.price('AAPL', '200');
  const settings = (more: Readonly<Record<string, unknown>> = {}): DeskSettings => ({
    desk: {
      brokers: {
        paper: { type: 'paper', source: 'demo', balances: { USD: '100000' } },
        ib: {
          ...{ type: 'ib', port: tws.port, quiet: { times: [] } },
          ...{ timeoutSeconds: 5, heartbeatSeconds: 1, patienceSeconds: 0 },
          ...more,
        },
      },
    },
    book: { broker: 'ib' },
  });
  return { tws, settings };
}

describe('a desk at Interactive Brokers', () => {
  it('trades an alert once, with a nightly restart between it and its repetition', async () => {
    const { tws, settings } = await world();
    const desk = await startDesk(settings());
    expect((await desk.alert('demo', buy)).status).toBe(200);
    await desk.shows('Bought 10 AAPL at 200.01 USD');
    await tws.server.restart({ nextValidId: 1 });
    await vi.waitFor(() => expect(tws.server.connections).toBe(1), patience);
    expect((await desk.alert('demo', buy)).status, 'the same alert again').toBe(200);
    expect((await desk.alert('demo', { ...buy, id: 'sell-1', action: 'sell', quantity: 4 })).status).toBe(
      200,
    );
    await desk.shows('Sold 4 AAPL at 199.99 USD');
    expect(tws.orders().map(({ action, orderId }) => `${action} ${orderId}`)).toEqual(['BUY 1', 'SELL 2']);
    expect(tws.held('AAPL')).toBe('6');
    expect(tws.server.violations).toEqual([]);
    desk.type('/broker reconcile ib');
    await desk.shows('ib says what the books say.');
    desk.type('/broker status ib');
    await desk.shows('the open of a session, the close of a session');
  });

  it('goes on where it was after a new start, with what was filled in between', async () => {
    const { tws, settings } = await world();
    const first = await startDesk(settings());
    await first.alert('demo', { ...buy, type: 'limit', price: 190, id: 'limit-1' });
    await vi.waitFor(() => expect(tws.orders()).toHaveLength(1), patience);
    await first.stop();
    tws.price('AAPL', '189');
    await tws.server.restart({ nextValidId: 1 });
    const second = await startDesk({ ...settings(), root: first.root });
    await vi.waitFor(() => expect(second.printed() + first.printed()).toContain('Bought 10 AAPL'), patience);
    expect(tws.orders()).toHaveLength(1);
    second.type('/broker reconcile ib');
    await second.shows('ib says what the books say.');
  });

  it('asks for a login in chat, starts it only when told to, and trades after it', async () => {
    const { tws, settings } = await world();
    const started = join(await tempFolder(), 'started');
    const script = 'require("fs").writeFileSync(process.argv[1], "")';
    const desk = await startDesk(settings({ launch: [process.execPath, '-e', script, started] }));
    await tws.close();
    await desk.shows(/Broker ib is down[\s\S]*connect ib starts it, then log in/);
    expect((await desk.alert('demo', buy)).status).toBe(200);
    await desk.shows(/Nothing was traded: There is no price for AAPL: TWS cannot be asked/);
    expect(existsSync(started), 'not by itself').toBe(false);
    desk.type('/broker connect ib');
    await vi.waitFor(() => expect(existsSync(started)).toBe(true), patience);
    await tws.server.listen();
    await desk.shows('ib: 🟢 ready');
    expect((await desk.alert('demo', { ...buy, id: 'buy-2' })).status).toBe(200);
    await desk.shows('Bought 10 AAPL at 200.01 USD');
    expect(tws.orders()).toHaveLength(1);
  });

  it('asks by buttons which share is meant, keeps the answer, and trades the alert that waited', async () => {
    const { tws, settings } = await world();
    tws.deposit('EUR', '100000');
    tws.price('OMV@VSE', '40');
    const desk = await startDesk({ ...settings(), book: { broker: 'ib', currency: 'EUR' } });
    expect((await desk.alert('demo', { ...buy, symbol: 'OMV' })).status).toBe(200);
    await desk.shows(/Which OMV is meant at ib\?[\s\S]*OMV@VSE\/EUR[\s\S]*OMV@IBIS\/EUR/);
    expect(tws.orders()).toHaveLength(0);
    desk.type('/broker contract ib OMV OMV@VSE/EUR');
    await desk.shows(/OMV means OMV@VSE\/EUR, in EUR, from now on/);
    await desk.shows('Bought 10 OMV@VSE/EUR');
    expect(tws.orders().map(({ listing }) => listing.primaryExchange)).toEqual(['VSE']);
    desk.type('/broker contract ib OMV');
    await desk.shows(/OMV@VSE\/EUR.*\(chosen\)/);
  });

  it('asks by buttons which share the order of a plan is for, and sends it once when that is pressed', async () => {
    const { tws, settings } = await world();
    tws.deposit('EUR', '100000');
    tws.price('OMV@VSE', '40');
    const root = await tempFolder();
    const { desk: brokers } = settings();
    const bars = join(root, 'bars');
    await writeDemo(root, {
      desk: {
        ...brokers,
        sources: {
          demo: { type: 'demo' },
          files: { type: 'csv', folder: bars, timezone: 'Europe/Vienna', currency: 'EUR' },
        },
      },
      books: { vienna: { broker: 'ib', currency: 'EUR', capital: '10000' } },
    });
    await mkdir(bars);
    await writeFile(join(bars, 'OMV.csv'), csvUpToYesterday());
    const config = join(root, 'config', 'demo');
    await writeFile(join(config, 'strategies', 'buy_once.ts'), buyOnce);
    await writeFile(
      join(config, 'plans', 'vienna.yaml'),
      stringify({
        ...{ name: 'vienna', strategy: 'buy_once', symbols: ['OMV'], source: 'files', book: 'vienna' },
        ...{ backtestStart: '2020-01-01', schedule: { times: '9:00', timezone: 'Europe/Vienna' } },
      }),
    );
    const desk = await startDesk({ root });
    desk.confirms('/plan run vienna');
    await desk.shows(/Which OMV is meant at ib\?[\s\S]*\[1\] OMV@VSE\/EUR {3}\[2\] OMV@IBIS\/EUR/);
    await desk.shows(/Waits: buy 10 OMV/);
    expect(tws.orders(), 'nothing is guessed').toEqual([]);
    desk.type('/broker contract ib OMV');
    await desk.shows('What OMV can mean at ib');
    desk.type('1');
    await desk.shows('OMV means OMV@VSE/EUR, in EUR, from now on');
    await desk.shows('Bought 10 OMV@VSE/EUR at 40.01 EUR');
    desk.confirms('/plan run vienna');
    await vi.waitFor(
      () => expect(desk.printed().match(/Plan vienna: run finished/g)).toHaveLength(2),
      patience,
    );
    expect(tws.orders().map(({ listing, action }) => `${action} ${listing.primaryExchange}`)).toEqual([
      'BUY VSE',
    ]);
    expect(tws.server.violations).toEqual([]);
  });
});

const buyOnce = `
import { Strategy } from 'outcry';
export default class BuyOnce extends Strategy {
  init() {}
  next() {
    if (this.position.size === 0 && this.orders.length === 0) this.buy({ size: 10 });
  }
}
`;

/** Forty days at a price of 40, the last one being yesterday. */
function csvUpToYesterday(): string {
  const lines = Array.from({ length: 40 }, (_, index) => {
    const day = new Date(Date.now() - (40 - index) * 86_400_000).toISOString().slice(0, 10);
    return `${day},40,41,39,${index % 2 === 0 ? 40 : 40.5},1000`;
  });
  return `${['Date,Open,High,Low,Close,Volume', ...lines].join('\n')}\n`;
}
