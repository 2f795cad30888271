/** A symbol that means several shares, on each platform: a desk with a local TWS, and the buttons that say which. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTws, type TestTws } from '../support/tws/index.ts';
import { consoleFloor } from './floors/console.ts';
import { discordFloor } from './floors/discord.ts';
import type { Floor } from './floors/floor.ts';
import type { Besides } from './floors/setting.ts';
import { telegramFloor } from './floors/telegram.ts';
import { contracts } from './scripts/contracts.ts';

const floors: readonly (readonly [string, (besides: Besides) => Promise<Floor>])[] = [
  ['at the terminal', consoleFloor],
  ['on Discord', discordFloor],
  ['on Telegram', telegramFloor],
];

describe.each(floors)('a symbol with several contracts %s', (_platform, open) => {
  let tws: TestTws;
  let floor: Floor;

  beforeAll(async () => {
    tws = await startTws();
    tws.deposit('EUR', '100000');
    tws.price('OMV@VSE', '40');
    tws.price('OMV@IBIS', '40.1');
    floor = await open({
      brokers: { ib: { type: 'ib', port: tws.port, quiet: { times: [] } } },
      books: {
        vienna: {
          ...{ broker: 'ib', currency: 'EUR', capital: '10000', key: 'vienna-key-1234' },
          handler: { name: 'order' },
        },
      },
    });
  });
  afterAll(async () => {
    await floor.close();
    await tws.close();
  });

  for (const { of, says, play } of contracts(() => tws)) {
    it(`/${of.join(', /')}: ${says}`, async () => {
      const { people, desk, clock } = floor;
      await play({ ...people, desk, minutesPass: (minutes) => clock.advance(minutes * 60_000) });
    }, 90_000);
  }

  it('is answered with nothing that the platform or TWS refuses', () => {
    expect(floor.refusals()).toEqual([]);
    expect(tws.server.violations).toEqual([]);
  });
});
