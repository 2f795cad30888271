/** A trade from a phone: asked for, confirmed and closed with buttons, and read in figures that fit its screen. */
import { expect, it, onTestFinished } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { startTelegram } from '../support/telegram/index.ts';

it('buys, closes from a button, and sends the chart of the profit on Telegram; a viewer may only look', async () => {
  const telegram = await startTelegram();
  onTestFinished(() => telegram.close());
  const [tom, vera] = [telegram.user('tom'), telegram.user('vera')];
  await startDesk({
    endpoints: { telegramApi: telegram.apiRoot },
    desk: {
      users: [
        { name: 'tom', role: 'trader', telegram: tom.id },
        { name: 'vera', role: 'viewer', telegram: vera.id },
      ],
      platforms: { telegram: { token: telegram.token } },
    },
  });
  vera.says('/buy demo SP500 1');
  await vera.chat.shows('needs the role trader');
  tom.says('/buy demo SP500 1');
  await tom.chat.shows('Buy 1 SP500 for demo, PAPER?');
  tom.presses('Confirm');
  await tom.chat.shows('Bought 1 SP500, demo, PAPER');
  vera.says('/positions');
  const shown = await vera.chat.shows('1 SP500 long');
  expect(shown.text).toContain('🔴 -1.44 USD -0.05%');
  tom.presses('Close SP500');
  await tom.chat.shows('Close 1 SP500 for demo, PAPER?');
  tom.presses('Confirm');
  await tom.chat.shows('Sold 1 SP500, demo, PAPER');
  vera.says('/profit');
  await vera.chat.shows(/Realised, net: 🔴 -8\.62 USD/);
  await telegram.until(() => vera.chat.files.length === 1, 'the chart of the profit');
});
