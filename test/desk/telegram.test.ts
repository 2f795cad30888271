/** The whole desk through the real telegraf, against a Bot API that refuses what Telegram refuses. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { startTelegram } from '../support/telegram/index.ts';

async function onTelegram() {
  const telegram = await startTelegram();
  onTestFinished(() => telegram.close());
  const anna = telegram.user('anna');
  const vera = telegram.user('vera');
  const room = telegram.group('Alerts');
  const desk = await startDesk({
    endpoints: { telegramApi: telegram.apiRoot },
    desk: {
      users: [
        { name: 'anna', role: 'admin', telegram: anna.id },
        { name: 'vera', role: 'viewer', telegram: vera.id },
      ],
      platforms: { telegram: { token: telegram.token, notify: [room.id] } },
    },
  });
  return { telegram, desk, anna, vera, room };
}

describe('a desk on Telegram', () => {
  it('answers a backtest with the figures, the chart as a photo, and CSV files', async () => {
    const { telegram, vera } = await onTelegram();
    vera.says('/backtest sma_cross SP500 fast=20 slow=50');
    const report = await vera.chat.shows(/Sharpe Ratio/);
    expect(report.text).toContain('SmaCross  SP500  fast=20  slow=50');
    await telegram.until(() => vera.chat.files.length === 4, 'chart and three CSV files');
    expect(vera.chat.files.map(({ name }) => name).sort()).toEqual([
      'SmaCross-SP500-equity.csv',
      'SmaCross-SP500-orders.csv',
      'SmaCross-SP500-trades.csv',
      'SmaCross-SP500.png',
    ]);
  });

  it('answers the other commands of the demo, also with the quotes of a phone', async () => {
    const { telegram, anna, vera } = await onTelegram();
    vera.says('/help');
    await vera.chat.shows('/backtest');
    vera.says('/book list');
    await vera.chat.shows('rotation');
    vera.presses('demo');
    await vera.chat.shows('Book demo, paper');
    anna.says('/suspend entries demo reason=“out for lunch”');
    await anna.chat.shows('demo is suspended');
    anna.says('/plan run demo');
    await anna.chat.shows('Run the plan demo now for rotation, PAPER?');
    anna.presses('Confirm');
    await anna.chat.shows('New orders: 3.');
    await telegram.until(() => vera.menu.length > 0, 'the menu of a viewer');
    expect(vera.menu.map(({ command }) => command)).not.toContain('terminate');
    expect(anna.menu.map(({ command }) => command)).toContain('terminate');
  });

  it('edits one message from "received" to what was traded', async () => {
    const { desk, room } = await onTelegram();
    const alert = { key: 'demo-key-1234', action: 'buy', symbol: 'SP500', quantity: 1 };
    expect((await desk.alert('demo', alert)).status).toBe(200);
    const told = await room.chat.shows('Bought 1 SP500 at 2875.99734 USD');
    expect(told.versions[0]).toContain('received');
    expect(
      room.chat.messages.filter(({ text }) => text.includes('Signal')),
      'one message',
    ).toHaveLength(1);
  });

  it('asks before it stops, and stops once', async () => {
    const { desk, anna, vera } = await onTelegram();
    vera.says('/terminate');
    await vera.chat.shows('needs the role admin');
    anna.says('/terminate');
    await anna.chat.shows('Stop the desk demo?');
    anna.presses('Confirm');
    await vi.waitFor(() => expect(desk.stopWanted()).toBe('anna'));
  });

  it('stays silent to strangers, and tells the admins', async () => {
    const { telegram, anna } = await onTelegram();
    const mallory = telegram.user('mallory');
    mallory.says('/book list');
    await anna.chat.shows('Somebody was turned away');
    expect(mallory.chat.messages).toEqual([]);
  });
});
