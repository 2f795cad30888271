/** Books that are made, changed and deleted in chat, on all three platforms, while the desk runs. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDesk } from '../support/desk.ts';
import { fakeDiscord } from '../support/discord/index.ts';
import { startTelegram } from '../support/telegram/index.ts';

const alert = { action: 'buy', symbol: 'SP500', quantity: 1 };
const keyIn = (text: string): string => /[0-9a-f]{48}/.exec(text)?.[0] ?? 'no key was shown';

describe('a book made at the terminal', () => {
  it('is asked for step by step, trades at once, and is still there after a restart', async () => {
    const first = await startDesk();
    first.type('/book create');
    await first.shows('What is the book called?');
    first.type('demo');
    await first.shows('There is a book "demo" already.');
    first.type('grid');
    await first.shows(/At which account[\s\S]*\[1\] paper/);
    first.type('1');
    await first.shows(/In which currency[\s\S]*use \(usd\)/);
    first.type('use');
    await first.shows('How much does it get');
    first.type('5000');
    await first.shows('What is it for');
    first.type('skip');
    await first.shows(/What turns its alerts into orders[\s\S]*\[1\] order/);
    first.type('1');
    for (const question of ['one order be worth', 'entries of a day', 'a day lose', 'must people approve']) {
      await first.shows(question);
      first.type('skip');
    }
    await first.shows('Which settings has the handler?');
    first.type('{symbol: SP500}');
    await first.shows('Make the book grid at PAPER?');
    await first.shows('broker=paper currency=USD capital=5000 handler=order');
    first.type('1');
    await first.shows('The book grid is there, PAPER');
    await first.shows('/hooks/grid');
    const key = keyIn(first.printed());
    expect((await first.alert('grid', { key: 'wrong', ...alert })).status).toBe(404);
    expect((await first.alert('grid', { key, action: 'buy', quantity: 1 })).status).toBe(200);
    await first.shows(/Signal for grid: done[\s\S]*Bought 1 SP500/);
    await first.stop();

    const second = await startDesk({ root: first.root });
    expect((await second.alert('grid', { key, action: 'sell', quantity: 1 })).status).toBe(200);
    await second.shows('Sold 1 SP500');
    second.type('/config diff');
    await second.shows(/books\/grid +all of it +no file +made +console/);
  });

  it('is changed with before and after, and deleted only when it is empty and its name is typed', async () => {
    const desk = await startDesk();
    desk.type('/book create grid paper USD 5000');
    await desk.shows('Make the book grid at PAPER?');
    desk.type('1');
    await desk.shows('The book grid is there');
    desk.type('/book set grid limit_order 300');
    await desk.shows(/Change limit_order of grid\?[\s\S]*not set[\s\S]*300[\s\S]*at once/);
    desk.type('1');
    await desk.shows('grid limit_order: not set → 300. It holds from now on.');
    desk.type('/book set grid limit_order much');
    await desk.shows(/limits\.order: found "much"; must be a positive decimal number/);
    desk.type('/book delete grid grid');
    await desk.shows('The book "grid" is not empty: it has 5000 USD.');
    desk.type('/book withdraw grid 5000');
    await desk.shows('Withdraw 5,000 USD from grid?');
    desk.type('1');
    await desk.shows('Withdrew');
    desk.type('/book delete grid gird');
    await desk.shows('Nothing was deleted: "gird" is not "grid".');
    desk.type('/book delete grid grid');
    await desk.shows('Delete the book grid?');
    desk.type('1');
    await desk.shows('grid is deleted. Its history stays.');
    desk.type('/book show grid');
    await desk.shows('There is no book "grid"');
    desk.type('/book create grid paper USD 100');
    await desk.shows('There was a book "grid", and its history is kept under the name.');
    desk.type('/book delete rotation rotation');
    await desk.shows('The book "rotation" is not empty');
  });

  it('cannot be made of what a file would be refused for, in one line that names no file', async () => {
    const desk = await startDesk();
    desk.type('/book create grid nowhere USD 5000');
    await desk.shows(/books\/grid: broker: there is no broker in desk\.yaml named "nowhere"; there is paper/);
    desk.type('/book create grid paper USD 5000 handler=order handler_settings={colour:red}');
    await desk.shows('grid');
    desk.type('/book create grid paper USD none');
    await desk.shows('capital must be an amount');
    desk.type('/book list');
    await desk.shows('rotation');
    expect(desk.printed()).not.toContain('The book grid is there');
  });

  it('of a file is gone when it was deleted in chat, and its senders are refused', async () => {
    const first = await startDesk();
    first.type('/book withdraw demo 10000');
    await first.shows('Withdraw 10,000 USD from demo?');
    first.type('1');
    await first.shows('Withdrew');
    first.type('/book delete demo demo');
    await first.shows('Delete the book demo?');
    first.type('1');
    await first.shows('demo is deleted');
    expect((await first.alert('demo', { key: 'demo-key-1234', ...alert })).status).toBe(404);
    await first.stop();
    const second = await startDesk({ root: first.root });
    second.type('/book list');
    await second.shows('rotation');
    second.type('/book show demo');
    await second.shows('There is no book "demo"');
  });
});

describe('a book made on a phone', () => {
  it('comes of forms in Discord, in messages that only the asker sees', async () => {
    const discord = await fakeDiscord();
    onTestFinished(() => discord.close());
    const ann = discord.user('ann');
    const desk = await startDesk({
      endpoints: { discordApi: discord.rest.api },
      desk: {
        users: [{ name: 'ann', role: 'admin', discord: ann.id }],
        platforms: {
          console: {},
          discord: {
            token: discord.token,
            guild: discord.guild,
            channels: [discord.channel('desk').id],
            notify: [discord.channel('alerts').id],
          },
        },
      },
    });
    const first = await ann.slash('book create');
    const form = await first.form();
    expect(form.components.map(({ label }) => label)).toEqual([
      'Name',
      'Broker',
      'Currency',
      'Capital',
      'Description',
    ]);
    const wrong = await ann.fillIn(first, {
      name: 'Grid!',
      broker: 'paper',
      currency: 'USD',
      capital: '5000',
    });
    const said = await wrong.until(({ text }) => text.includes('is no name'));
    expect(said.onlyFor).toBe('ann');
    const correction = await ann.press(said, 'Correct it');
    const fields = (await correction.form()).components.map(({ component }) => component?.custom_id);
    expect(fields, 'what was wrong, and what comes next').toEqual([
      'name',
      'handler',
      'limit_order',
      'limit_day',
      'limit_loss',
    ]);
    const corrected = await ann.fillIn(correction, { name: 'grid', limit_order: '500' });
    const next = await corrected.until(({ text }) => text.includes('Which settings has the handler?'));
    const last = await ann.fillIn(await ann.press(next, 'Answer'), {});
    const question = await last.until(({ title }) => title.includes('Make the book grid at PAPER?'));
    expect(question.onlyFor).toBe('ann');
    const made = await (await ann.press(question, 'Confirm')).until(({ title }) =>
      title.includes('is there'),
    );
    expect(made.onlyFor).toBe('ann');
    const key = keyIn(made.text);
    expect((await desk.alert('grid', { key, ...alert, quantity: 0.1 })).status).toBe(200);
    await desk.shows('Bought 0.1 SP500');
    expect(discord.refusals).toEqual([]);
  });

  it('comes of questions with buttons in Telegram, also over a restart', async () => {
    const telegram = await startTelegram();
    onTestFinished(() => telegram.close());
    const anna = telegram.user('anna');
    const settings = {
      endpoints: { telegramApi: telegram.apiRoot },
      desk: {
        users: [{ name: 'anna', role: 'admin', telegram: anna.id }],
        platforms: { console: {}, telegram: { token: telegram.token } },
      },
    };
    const first = await startDesk(settings);
    anna.says('/book create');
    await anna.chat.shows('What is the book called?');
    anna.says('grid');
    await anna.chat.shows('At which account does it trade?');
    anna.presses('paper');
    await anna.chat.shows('In which currency');
    await first.stop();

    const second = await startDesk({ ...settings, root: first.root });
    anna.presses('Use USD');
    await anna.chat.shows('How much does it get');
    anna.says('a lot');
    await anna.chat.shows('capital must be an amount such as 250 or 99.50, not "a lot".');
    anna.says('5000');
    await anna.chat.shows('What is it for');
    anna.presses('Skip');
    await anna.chat.shows('What turns its alerts');
    anna.presses('none');
    for (const question of ['one order be worth', 'entries of a day', 'a day lose', 'must people approve']) {
      await anna.chat.shows(question);
      anna.presses('Skip');
    }
    await anna.chat.shows('Make the book grid at PAPER?');
    anna.presses('Confirm');
    await anna.chat.shows('The book grid is there, PAPER');
    second.type('/book list');
    await second.shows('grid');
  });
});
